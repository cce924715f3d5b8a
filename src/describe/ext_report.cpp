#include "describe/ext_report.hpp"

#include <algorithm>
#include <array>
#include <set>

#include <fmt/format.h>

#include "base/error.hpp"
#include "describe/splitting.hpp"

namespace jaunt::describe {

namespace {

using base::ByteCount;
using base::ByteOffset;
using base::Error;
using base::ErrorKind;
using model::Extent;
using model::ExtentSet;

constexpr std::size_t kFieldsMax = 256;
constexpr std::size_t kExtentsMax = 4'000'000;  // 64 MB of them; a filesystem in more pieces is carried whole
constexpr std::uint64_t kBytesMax = std::uint64_t{1} << 60;

// Features that neither change where free space is recorded nor let anything but the bitmaps own blocks.
constexpr std::array<std::string_view, 28> kKnownFeatures{"has_journal",   "ext_attr",     "resize_inode",
                                                          "dir_index",     "sparse_super", "sparse_super2",
                                                          "large_file",    "huge_file",    "uninit_bg",
                                                          "dir_nlink",     "extra_isize",  "quota",
                                                          "metadata_csum", "project",      "verity",
                                                          "orphan_file",   "filetype",     "extent",
                                                          "64bit",         "flex_bg",      "meta_bg",
                                                          "ea_inode",      "large_dir",    "inline_data",
                                                          "encrypt",       "casefold",     "metadata_csum_seed",
                                                          "stable_inodes"};

constexpr std::array<std::string_view, 7> kKnownJournalFeatures{"(none)",
                                                                "journal_checksum",
                                                                "journal_incompat_revoke",
                                                                "journal_64bit",
                                                                "journal_async_commit",
                                                                "journal_checksum_v2",
                                                                "journal_checksum_v3"};

template <typename Names>
bool knows(const Names& names, std::string_view name) {
  return std::find(names.begin(), names.end(), name) != names.end();
}

[[noreturn]] void corrupt(const std::string& cause) {
  throw Error(ErrorKind::corrupt, "read", "dumpe2fs' report", cause);
}

struct Range {
  std::uint64_t first = 0;
  std::uint64_t last = 0;
};

// "17" or "17-20".
std::optional<Range> range(std::string_view text) {
  const auto parts = cut(text, "-");
  const auto first = number<std::uint64_t>(parts ? parts->first : text);
  const auto last = parts ? number<std::uint64_t>(parts->second) : first;
  if (!first || !last || *last < *first)
    return std::nullopt;
  return Range{*first, *last};
}

// Digits and '-' at the beginning.
std::string_view leading_range(std::string_view text) {
  return text.substr(0, std::min(text.find_first_not_of("0123456789-"), text.size()));
}

}  // namespace

void ExtReportReader::line(std::string_view text) {
  if (text.starts_with("Group ") && text.find(": (Blocks ") != std::string_view::npos)
    begin_group(text);
  else if (in_groups_)
    group_line(text);
  else
    header_line(text);
}

void ExtReportReader::header_line(std::string_view text) {
  const auto parts = cut(text, ":");
  if (!parts)
    return;
  if (fields_.size() >= kFieldsMax)
    throw Error(ErrorKind::limit, "read", "dumpe2fs' report", "it has too many fields");
  if (!fields_.emplace(parts->first, parts->second).second)
    corrupt(fmt::format("the field '{}' comes twice", parts->first));
}

const std::string& ExtReportReader::field(const std::string& name) const {
  const auto found = fields_.find(name);
  if (found == fields_.end())
    corrupt(fmt::format("the field '{}' is missing", name));
  return found->second;
}

std::uint64_t ExtReportReader::number_field(const std::string& name) const {
  const auto value = number<std::uint64_t>(field(name));
  if (!value)
    corrupt(fmt::format("the field '{}' is no number", name));
  return *value;
}

void ExtReportReader::begin_groups() {
  in_groups_ = true;
  block_bytes_ = number_field("Block size");
  block_count_ = number_field("Block count");
  next_block_ = number_field("First block");
  if (block_bytes_ < 1024 || block_bytes_ > 65536 || (block_bytes_ & (block_bytes_ - 1)) != 0)
    corrupt("its block size is none");
  if (block_count_ == 0 || block_count_ > kBytesMax / block_bytes_ || next_block_ > 1)
    corrupt("its size is none");
}

void ExtReportReader::begin_group(std::string_view text) {
  if (in_groups_)
    close_group();
  else
    begin_groups();
  const auto name = number<std::uint64_t>(text.substr(6, text.find(':') - 6));
  const auto bounds = range(leading_range(text.substr(text.find("(Blocks ") + 8)));
  if (name != groups_done_ || !bounds || bounds->first != next_block_ || bounds->last >= block_count_)
    corrupt("its groups do not follow one another");
  group_ = Group{.first = bounds->first, .last = bounds->last, .free_count = {}, .free_listed = {}};
  next_block_ = bounds->last + 1;
  ++groups_done_;
}

void ExtReportReader::group_line(std::string_view text) {
  text = trimmed(text);
  constexpr std::string_view kFreeList = "Free blocks:";
  if (text.starts_with(kFreeList)) {
    free_list(trimmed(text.substr(kFreeList.size())));
    return;
  }
  if (const auto count = cut(text, " free blocks,")) {
    if (group_->free_count || !(group_->free_count = number<std::uint64_t>(count->first)))
      corrupt("a group's free count is none");
    return;
  }
  // "Inode table at 292-803 (+291)", "Primary superblock at 1, Group descriptors at 2-3"
  for (auto at = text.find(" at "); at != std::string_view::npos; at = text.find(" at ", at + 1)) {
    const auto where = range(leading_range(text.substr(at + 4)));
    if (!where || where->last >= block_count_)
      corrupt("a group's own blocks are out of bounds");
    metadata_.insert(blocks(where->first, where->last));
  }
}

void ExtReportReader::free_list(std::string_view ranges) {
  if (group_->free_listed)
    corrupt("a group has two free lists");
  std::uint64_t listed = 0;
  std::uint64_t next = group_->first;
  while (!ranges.empty()) {
    const auto end = std::min(ranges.find(','), ranges.size());
    const auto each = range(trimmed(ranges.substr(0, end)));
    ranges.remove_prefix(std::min(end + 1, ranges.size()));
    if (!each || each->first < next || each->last > group_->last)
      corrupt("a group's free list is out of order or bounds");
    free_.insert(blocks(each->first, each->last));
    listed += each->last - each->first + 1;
    next = each->last + 1;
  }
  if (free_.extents().size() > kExtentsMax)
    throw Error(ErrorKind::limit, "read", "dumpe2fs' report", "its free space is in too many pieces");
  group_->free_listed = listed;
}

void ExtReportReader::close_group() {
  if (!group_->free_count || group_->free_count != group_->free_listed)
    corrupt("a group's free list and its count disagree");
  free_blocks_ += *group_->free_listed;
}

std::string ExtReportReader::dirt() const {
  if (field("Filesystem state") != "clean")
    return "its state is '" + field("Filesystem state") + "'";
  const auto features = words(field("Filesystem features"));
  if (knows(features, "needs_recovery"))
    return "its journal needs recovery";
  if (knows(features, "orphan_present") || fields_.contains("First orphan inode"))
    return "it has orphan inodes";
  if (fields_.contains("FS Error count"))
    return "it has recorded errors";
  if (knows(features, "has_journal") && !fields_.contains("Journal start") && !fields_.contains("Journal device"))
    return "its journal cannot be read";
  if (fields_.contains("Journal start") && field("Journal start") != "0")
    return "its journal is not closed";
  if (fields_.contains("Journal errno"))
    return "its journal has recorded an error";
  return {};
}

std::string ExtReportReader::strangeness() const {
  for (const auto feature : words(field("Filesystem features")))
    if (!knows(kKnownFeatures, feature))
      return fmt::format("it has the feature '{}', which this version does not understand", feature);
  if (field("Filesystem OS type") != "Linux")
    return "it was not made for Linux";
  return {};
}

Extent ExtReportReader::blocks(std::uint64_t first, std::uint64_t last) const {
  return {ByteOffset(first * block_bytes_), ByteCount((last - first + 1) * block_bytes_)};
}

// All blocks of the journal but the first, which says that the rest is not needed.
ExtentSet ExtReportReader::journal_inside(std::string_view journal_extents) const {
  const auto features = fields_.find("Journal features");
  if (journal_extents.empty() || features == fields_.end() || field("Journal inode") != "8")
    return {};
  for (const auto feature : words(features->second))
    if (!knows(kKnownJournalFeatures, feature))
      return {};
  ExtentSet result;
  std::uint64_t next = 0;
  for (const auto text : lines(journal_extents)) {
    // " 0/ 0   1/  1     0 -  4095  90113 -  94208   4096 ": only what has no flags after the length.
    std::string spaced(text);
    std::replace(spaced.begin(), spaced.end(), '/', ' ');
    std::erase(spaced, '-');
    const auto fields = words(spaced);
    if (fields.size() < 4 || !number<std::uint64_t>(fields[0]))
      continue;  // headings
    std::vector<std::uint64_t> numbers;
    numbers.reserve(fields.size());
    for (const auto word : fields)
      numbers.push_back(number<std::uint64_t>(word).value_or(kBytesMax));
    if (numbers.size() != 9 || numbers[4] != next || numbers[5] < numbers[4] || numbers[7] >= block_count_ ||
        numbers[6] > numbers[7] || numbers[7] - numbers[6] != numbers[5] - numbers[4])
      return {};
    next = numbers[5] + 1;
    result.insert(blocks(numbers[6], numbers[7]));
    if (numbers[4] == 0)
      result.erase(blocks(numbers[6], numbers[6]));
  }
  const bool whole = next == number_field("Total journal blocks");
  const bool plausible = result.intersection(free_).empty() && result.intersection(metadata_).empty();
  return whole && plausible ? result : ExtentSet();
}

FreeSpace ExtReportReader::finish(std::string_view journal_extents) {
  if (!in_groups_)
    corrupt("it has no groups");
  close_group();
  if (next_block_ != block_count_)
    corrupt("its groups do not cover it");
  if (free_blocks_ != number_field("Free blocks"))
    corrupt("its groups and its superblock disagree on what is free");
  if (!free_.intersection(metadata_).empty())
    corrupt("it lists its own records as free");
  FreeSpace result;
  result.size = ByteCount(block_count_ * block_bytes_);
  result.free = ByteCount(free_blocks_ * block_bytes_);
  if (result.reason = dirt(); !result.reason.empty()) {
    result.state = model::FilesystemState::dirty;
    return result;
  }
  if (result.reason = strangeness(); !result.reason.empty())
    return result;
  result.state = model::FilesystemState::clean;
  result.elidable = std::move(free_);
  const ExtentSet journal = journal_inside(journal_extents);
  for (const auto& extent : journal.extents())
    result.elidable.insert(extent);
  return result;
}

}  // namespace jaunt::describe
