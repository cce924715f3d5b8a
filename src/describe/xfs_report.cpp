#include "describe/xfs_report.hpp"

#include <array>

#include <fmt/format.h>

#include "base/error.hpp"
#include "describe/splitting.hpp"

namespace jaunt::describe {

namespace {

using base::ByteCount;
using base::ByteOffset;
using base::Error;
using base::ErrorKind;

constexpr std::uint64_t kBytesMax = std::uint64_t{1} << 60;
constexpr std::uint64_t kGroupsMax = 8192;
constexpr std::size_t kExtentsMax = 4'000'000;
// Free inode and reverse mapping trees, reflinks, inode counters.
constexpr std::uint64_t kKnownReadOnlyFeatures = 0xf;
// File types, sparse inodes, meta uuid, big timestamps, large extent counters; not "needs repair" (0x10).
constexpr std::uint64_t kKnownFeatures = 0x2f;

using Fields = std::map<std::string, std::string, std::less<>>;

[[noreturn]] void corrupt(const std::string& cause) {
  throw Error(ErrorKind::corrupt, "read", "xfs_db's report", cause);
}

std::uint64_t value_of(const Fields& fields, const std::string& name, std::optional<std::uint64_t> otherwise = {}) {
  const auto found = fields.find(name);
  if (found == fields.end() && otherwise)
    return *otherwise;
  if (found == fields.end())
    corrupt(fmt::format("the field '{}' is missing", name));
  const std::string_view text = found->second;
  const auto value = text.starts_with("0x") ? number<std::uint64_t>(text.substr(2), 16) : number<std::uint64_t>(text);
  if (!value)
    corrupt(fmt::format("the field '{}' is no number", name));
  return *value;
}

// One "name = value" line; checksums are judged at once.
void add_field(Fields& fields, std::string_view line) {
  const auto parts = cut(line, "=");
  if (!parts)
    return;
  if (parts->first == "crc" && parts->second.find("(bad)") != std::string_view::npos)
    corrupt("a checksum is wrong");
  if (!fields.emplace(parts->first, parts->second).second)
    corrupt(fmt::format("the field '{}' comes twice", parts->first));
}

std::string strangeness_of(const Fields& fields) {
  const std::uint64_t version = value_of(fields, "versionnum") & 0xf;
  if (version != 4 && version != 5)
    return fmt::format("its version is {}", version);
  if (value_of(fields, "features_ro_compat", 0) & ~kKnownReadOnlyFeatures)
    return "it has read-only features that this version does not understand";
  if (value_of(fields, "features_incompat", 0) & ~kKnownFeatures)
    return "it has features that this version does not understand, or needs repair";
  if (value_of(fields, "features_log_incompat", 0) != 0)
    return "its log has features that this version does not understand";
  if (value_of(fields, "rblocks") != 0)
    return "it has a realtime part";
  if (value_of(fields, "logstart") == 0)
    return "its log is on another device";
  if (value_of(fields, "inprogress") != 0)
    return "it was not made to the end";
  return {};
}

// "bno[0-118] = 0:null 1:6 2:7": the numbers that are there.
std::vector<std::uint64_t> entries(std::string_view text) {
  std::vector<std::uint64_t> result;
  for (const auto word : words(text, 1'000'000)) {
    const auto parts = cut(word, ":");
    const std::string_view value = parts ? parts->second : word;
    if (value == "null")
      continue;
    const auto block = number<std::uint64_t>(value);
    if (!block)
      corrupt("a free list has no numbers");
    result.push_back(*block);
  }
  return result;
}

XfsGroup group_of(const Fields& agf, const Fields& agi, const Fields& agfl, std::uint64_t index) {
  if (value_of(agf, "seqno") != index || value_of(agi, "seqno") != index)
    corrupt("its groups do not follow one another");
  XfsGroup group;
  group.length = value_of(agf, "length");
  group.free_blocks = value_of(agf, "freeblks");
  group.free_list_count = value_of(agf, "flcount");
  for (const auto& [name, value] : agfl)
    if (name.starts_with("bno["))
      group.free_list = entries(value);
  const auto unlinked = agi.find("unlinked[0-63]");
  if (unlinked == agi.end())
    corrupt("a group does not tell its unlinked inodes");
  group.unlinked = !entries(unlinked->second).empty();
  return group;
}

}  // namespace

XfsSuperblock XfsSuperblock::parse(std::string_view text) {
  Fields fields;
  for (const auto line : lines(text))
    if (!line.starts_with("versionnum ["))
      add_field(fields, line);
  XfsSuperblock result;
  result.block_bytes = value_of(fields, "blocksize");
  result.blocks = value_of(fields, "dblocks");
  result.group_blocks = value_of(fields, "agblocks");
  result.groups = value_of(fields, "agcount");
  result.free_blocks = value_of(fields, "fdblocks");
  if (result.block_bytes < 512 || result.block_bytes > 65536 || (result.block_bytes & (result.block_bytes - 1)) != 0)
    corrupt("its block size is none");
  if (result.blocks == 0 || result.blocks > kBytesMax / result.block_bytes || result.group_blocks == 0 ||
      result.groups != (result.blocks - 1) / result.group_blocks + 1)
    corrupt("its size is none");
  result.strangeness = strangeness_of(fields);
  if (result.strangeness.empty() && result.groups > kGroupsMax)
    result.strangeness = "it has too many groups";
  return result;
}

std::optional<bool> xfs_log_clean(std::string_view text) {
  for (const auto line : lines(text))
    if (const auto state = cut(line, "state:"); state && line.find("log tail:") != std::string_view::npos)
      return state->second == "<CLEAN>";
  return std::nullopt;
}

std::vector<XfsGroup> parse_xfs_groups(std::string_view text, const XfsSuperblock& superblock) {
  enum Header { agf, agi, agfl };
  std::vector<XfsGroup> groups;
  std::array<Fields, 3> headers;
  Header current = agf;
  const auto close = [&] {
    if (headers[agfl].empty())
      corrupt("a group has no free list");
    groups.push_back(group_of(headers[agf], headers[agi], headers[agfl], groups.size()));
    headers = {};
  };
  for (const auto line : lines(text)) {
    // The oldest free lists have no magic number of their own.
    if (line == "magicnum = 0x58414746" && !headers[agf].empty())
      close();
    if (line == "magicnum = 0x58414746")
      current = agf;
    else if (line == "magicnum = 0x58414749")
      current = agi;
    else if (line == "magicnum = 0x5841464c" || line.starts_with("bno["))
      current = agfl;
    add_field(headers[current], line);
  }
  close();
  if (groups.size() != superblock.groups)
    corrupt("it has another number of groups than it says");
  for (std::size_t i = 0; i < groups.size(); ++i) {
    const std::uint64_t left = superblock.blocks - i * superblock.group_blocks;
    if (groups[i].length != std::min(left, superblock.group_blocks))
      corrupt("a group has another length than it should");
  }
  return groups;
}

void XfsFreeReader::line(std::string_view text) {
  const auto fields = words(text);
  if (ended_ || fields.empty() || fields[0] == "agno")
    return;
  if (fields[0] == "from") {  // a summary follows
    ended_ = true;
    return;
  }
  const auto group = fields.size() == 3 ? number<std::uint64_t>(fields[0]) : std::nullopt;
  const auto first = group ? number<std::uint64_t>(fields[1]) : std::nullopt;
  const auto count = first ? number<std::uint64_t>(fields[2]) : std::nullopt;
  if (!count || *group >= groups_.size())
    corrupt("its free list is none");
  const std::uint64_t length = groups_[*group].length;
  if (*count == 0 || *first >= length || *count > length - *first)
    corrupt("its free list is out of bounds");
  const std::uint64_t block = *group * superblock_.group_blocks + *first;
  const model::Extent extent{ByteOffset(block * superblock_.block_bytes),
                             ByteCount(*count * superblock_.block_bytes)};
  if (free_.touches(extent))
    corrupt("its free list names a block twice");
  free_.insert(extent);
  listed_[*group] += *count;
  if (free_.extents().size() > kExtentsMax)
    throw Error(ErrorKind::limit, "read", "xfs_db's report", "its free space is in too many pieces");
}

model::ExtentSet XfsFreeReader::finish() {
  model::ExtentSet kept_aside;
  for (std::size_t i = 0; i < groups_.size(); ++i) {
    if (listed_[i] != groups_[i].free_blocks + groups_[i].free_list_count)
      corrupt("a group's free list and its count disagree");
    for (const std::uint64_t kept : groups_[i].free_list)
      if (kept < groups_[i].length)
        kept_aside.insert({ByteOffset((i * superblock_.group_blocks + kept) * superblock_.block_bytes),
                           ByteCount(superblock_.block_bytes)});
  }
  return free_.minus(kept_aside);
}

}  // namespace jaunt::describe
