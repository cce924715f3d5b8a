#include "describe/contents.hpp"

#include <memory>

#include <guestfs.h>

#include "describe/appliance_script.hpp"
#include "describe/filefrag.hpp"
#include "describe/splitting.hpp"

namespace jaunt::describe {

namespace {

using base::ByteCount;
using base::Error;

constexpr ByteCount kListBytesMax{4 * base::kGiB};  // read as a stream
constexpr std::size_t kNameBytesMax = 64 * base::kKiB;
constexpr std::uint64_t kStatBlockBytes = 512;
// Seconds that one walk through a filesystem may take; what was not reached is not counted.
constexpr std::string_view kWalkSeconds = "240";

const char* mount_options(const std::string& type) {
  if (type == "ext2" || type == "ext3" || type == "ext4")
    return "ro,noload";
  return type == "xfs" ? "ro,norecovery" : "ro";
}

// dpkg's folder, seen from the root of the filesystem that holds it.
std::string_view dpkg_folder(const std::string& mount_point) {
  if (mount_point == "/")
    return "var/lib/dpkg/info";
  return mount_point == "/var" ? "lib/dpkg/info" : "";
}

// "SIZE BLOCKS PATH"
void count(std::string_view entry, const std::string& prefix, UserDataCounter& counter) {
  const auto fields = cut(entry, " ");
  const auto size = fields ? number<std::uint64_t>(fields->first) : std::nullopt;
  if (!size)
    return;
  const auto rest = entry.substr(entry.find(' ') + 1);
  const auto space = rest.find(' ');
  const auto blocks = number<std::uint64_t>(rest.substr(0, space));
  if (!blocks || space == std::string_view::npos)
    return;
  const std::uint64_t stored = *blocks > *size / kStatBlockBytes ? *size : *blocks * kStatBlockBytes;
  counter.add(prefix + std::string(rest.substr(space + 1)), ByteCount(stored));
}

}  // namespace

MountedFilesystem::MountedFilesystem(GuestSession& session, const model::Filesystem& filesystem)
    : session_(session), device_(filesystem.device) {
  session_("prepare", device_, [](guestfs_h* g) {
    const int made = guestfs_mkmountpoint(g, kMountPoint);
    return made == -1 && guestfs_last_errno(g) == EEXIST ? 0 : made;
  });
  session_("mount", device_, [&](guestfs_h* g) {
    return guestfs_mount_options(g, mount_options(filesystem.type), device_.c_str(), kMountPoint);
  });
}

MountedFilesystem::~MountedFilesystem() {
  try {
    if (!session_.lost())
      session_("unmount", device_, [](guestfs_h* g) { return guestfs_umount(g, kMountPoint); });
  } catch (const Error&) {
    // The next mount at this place says so.
  } catch (const base::Cancelled&) {
    // The next call says so.
  }
}

void MountedFilesystem::read_space(model::Filesystem& filesystem) {
  const std::unique_ptr<struct guestfs_statvfs, decltype(&guestfs_free_statvfs)> space(
      session_("examine", device_, [](guestfs_h* g) { return guestfs_statvfs(g, kMountPoint); }),
      &guestfs_free_statvfs);
  const auto bytes = [&](std::int64_t blocks) {
    return ByteCount(static_cast<std::uint64_t>(blocks) * static_cast<std::uint64_t>(space->frsize));
  };
  if (space->blocks <= 0 || space->bfree < 0 || space->bfree > space->blocks || space->frsize <= 0)
    return;
  filesystem.free = bytes(space->bfree);
  filesystem.used = bytes(space->blocks - space->bfree);
}

void MountedFilesystem::count_user_data(const std::string& mount_point, UserDataCounter& counter) {
  const std::string prefix = mount_point == "/" ? "/" : mount_point + "/";
  if (const auto folder = dpkg_folder(mount_point); !folder.empty()) {
    Splitter owned('\n', kNameBytesMax, [&](std::string_view path) { counter.own(path); });
    session_.stream({"owned", folder}, kListBytesMax, [&](std::string_view piece) { owned.add(piece); });
    owned.finish();
  }
  Splitter entries('\0', kNameBytesMax, [&](std::string_view entry) { count(entry, prefix, counter); });
  session_.stream({"sizes", kWalkSeconds}, kListBytesMax, [&](std::string_view piece) { entries.add(piece); });
}

void MountedFilesystem::read_files(const Device& device, const std::function<void(const FileExtents&)>& on_file) {
  FilefragReader reader([&](const FileRuns& file) {
    FileExtents result{.path = file.path.substr(file.path.starts_with("./") ? 2 : 0),
                       .filesystem = device_,
                       .size = file.size,
                       .pieces = {}};
    for (const auto& run : file.runs)
      for (const auto& segment : on_disks(device.segments, {run.on_device, run.length}))
        result.pieces.push_back({.disk = segment.disk,
                                 .in_file = run.in_file + (segment.in_device - run.on_device),
                                 .on_disk = segment.on_disk});
    if (!result.pieces.empty())
      on_file(result);
  });
  session_.stream({"files", kWalkSeconds}, kListBytesMax, [&](std::string_view piece) { reader.add(piece); });
}

}  // namespace jaunt::describe
