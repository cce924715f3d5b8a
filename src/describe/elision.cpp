#include "describe/elision.hpp"

#include <algorithm>

#include <fmt/format.h>

#include "base/error.hpp"
#include "describe/ext_report.hpp"
#include "describe/splitting.hpp"
#include "describe/xfs_report.hpp"
#include "model/block.hpp"

namespace jaunt::describe {

namespace {

using base::ByteCount;
using base::Error;
using base::ErrorKind;
using model::ExtentSet;
using model::FilesystemState;

constexpr ByteCount kReportBytesMax{4 * base::kGiB};  // read as a stream
constexpr ByteCount kShortReportBytesMax{16 * base::kMiB};
constexpr std::size_t kLineBytesMax = 16 * base::kMiB;

std::string silent_output(GuestSession& session, std::initializer_list<std::string_view> command) {
  std::string text;
  const auto result =
      session.stream(command, kShortReportBytesMax, [&](std::string_view piece) { text.append(piece); });
  if (!result.silent_success())
    throw Error(ErrorKind::corrupt, "read", "the filesystem", "its tools complain: " + session.complaint());
  return text;
}

template <typename Reader>
void read_lines(GuestSession& session, std::initializer_list<std::string_view> command, Reader& reader) {
  Splitter splitter('\n', kLineBytesMax, [&](std::string_view line) { reader.line(line); });
  const auto result = session.stream(command, kReportBytesMax, [&](std::string_view piece) { splitter.add(piece); });
  splitter.finish();
  if (!result.silent_success())
    throw Error(ErrorKind::corrupt, "read", "the filesystem", "its tools complain: " + session.complaint());
}

FreeSpace read_ext(GuestSession& session, const std::string& node) {
  ExtReportReader reader;
  read_lines(session, {"ext", node}, reader);
  std::string journal;
  const auto answered = session.stream({"ext-journal", node}, kShortReportBytesMax,
                                       [&](std::string_view piece) { journal.append(piece); });
  return reader.finish(answered.silent_success() ? journal : "");
}

FreeSpace read_xfs(GuestSession& session, const std::string& node) {
  const auto superblock = XfsSuperblock::parse(silent_output(session, {"xfs", node}));
  FreeSpace result;
  result.size = superblock.size();
  result.free = ByteCount(superblock.free_blocks * superblock.block_bytes);
  if (result.reason = superblock.strangeness; !result.reason.empty())
    return result;
  const auto clean = xfs_log_clean(silent_output(session, {"xfs-log", node}));
  const auto groups =
      parse_xfs_groups(silent_output(session, {"xfs-groups", node, std::to_string(superblock.groups)}), superblock);
  const bool unlinked =
      std::any_of(groups.begin(), groups.end(), [](const XfsGroup& group) { return group.unlinked; });
  result.state = FilesystemState::dirty;
  if (!clean)
    result.reason = "its log cannot be read";
  else if (!*clean)
    result.reason = "its log needs recovery";
  else if (unlinked)
    result.reason = "it has orphan inodes";
  if (!result.reason.empty())
    return result;
  XfsFreeReader reader(superblock, groups);
  read_lines(session, {"xfs-free", node}, reader);
  result.elidable = reader.finish();
  result.state = FilesystemState::clean;
  return result;
}

bool only_tables(const std::vector<std::string>& signatures) {
  return std::all_of(signatures.begin(), signatures.end(), [](const std::string& signature) {
    return signature == "dos" || signature == "gpt" || signature == "PMBR";
  });
}

}  // namespace

std::string placement_doubt(const Layout& layout, const Probes& probes, const Device& device) {
  if (device.segments.empty())
    return "where its bytes lie on the disks is not certain";
  if (!layout.leaf(device))
    return "partitions or volumes are cut out of it";
  if (!layout.alone(device))
    return "other partitions or volumes claim some of its bytes";
  const auto own = probes.find(device.node);
  if (own == probes.end() || own->second.signatures.size() != 1)
    return "it shows signatures of more than one content";
  for (const Device* below : layout.ancestors(device)) {
    const auto found = probes.find(below->node);
    const bool plain =
        found != probes.end() && (device.kind == Device::Kind::volume && found->second.type == "LVM2_member"
                                      ? found->second.signatures.size() == 1
                                      : only_tables(found->second.signatures));
    if (!plain)
      return "what it lies on shows signatures of another content";
    if (!layout.alone(*below))
      return "other partitions claim some of the bytes that it lies on";
  }
  return {};
}

FreeSpace read_free_space(GuestSession& session, const Device& device, const std::string& type) {
  FreeSpace result;
  try {
    if (type == "ext2" || type == "ext3" || type == "ext4")
      result = read_ext(session, device.node);
    else if (type == "xfs")
      result = read_xfs(session, device.node);
    else
      result.reason = "nothing here reads its free lists";
  } catch (const Error& error) {
    if (session.lost())
      throw;
    result = {};
    result.reason = error.what();
  }
  if (result.size > device.size) {
    result.state = FilesystemState::unknown;
    result.reason = "it is larger than the device that holds it";
    result.elidable = {};
  }
  return result;
}

ByteCount add_elidable(const Device& device, const ExtentSet& free, std::vector<ExtentSet>& per_disk) {
  std::vector<ExtentSet> pieces(per_disk.size());
  for (const auto& extent : free.extents())
    for (const auto& segment : on_disks(device.segments, extent))
      pieces.at(segment.disk).insert(segment.on_disk);
  ByteCount total;
  for (std::size_t i = 0; i < pieces.size(); ++i) {
    const auto blocks = pieces[i].aligned_inward(ByteCount(model::kBlockBytes));
    total += blocks.total();
    for (const auto& extent : blocks.extents())
      per_disk[i].insert(extent);
  }
  return total;
}

}  // namespace jaunt::describe
