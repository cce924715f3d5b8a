#include "engine/image_discovery.hpp"

#include <algorithm>
#include <array>
#include <cctype>
#include <string_view>

#include <fcntl.h>
#include <fmt/format.h>

#include "base/error.hpp"
#include "base/file.hpp"
#include "base/text.hpp"
#include "disk/image_format.hpp"
#include "hypervisor/connection.hpp"

namespace jaunt::engine {

namespace fs = std::filesystem;
using base::Error;
using base::ErrorKind;

namespace {

constexpr std::array<std::string_view, 10> kImageSuffixes{".qcow2", ".img", ".raw",  ".vmdk", ".vdi",
                                                          ".vhd",   ".vpc", ".vhdx", ".iso",  ".qcow"};

void add_disk(Discovery& found, const model::Disk& disk, const std::string& domain, const std::string& snapshot) {
  const bool local = disk.source_type == "file" || disk.source_type == "block" || disk.source_type == "volume";
  const bool content = disk.role == model::DiskRole::disk || disk.role == model::DiskRole::cdrom;
  if (!local || !content || disk.layers.empty() || disk.layers.front().path.empty())
    return;
  DiscoveredImage image{.source = {.path = disk.layers.front().path, .format = disk.format},
                        .domain = domain,
                        .target = disk.target,
                        .snapshot = snapshot};
  if (disk.role == model::DiskRole::cdrom)  // a medium that lies in many machines is nobody's disk
    image.domain = image.target = image.snapshot = "";
  found.images.push_back(std::move(image));
}

Discovery discover_domains(const std::string& uri) {
  Discovery found;
  const auto connection = hypervisor::Connection::open(uri);
  for (const hypervisor::Domain& domain : connection.domains()) {
    try {
      std::vector<model::Problem> problems;
      for (const model::Disk& disk : domain.disks(problems))
        add_disk(found, disk, domain.name(), "");
      for (const auto& [snapshot, disk] : domain.snapshot_disks())
        add_disk(found, disk, domain.name(), snapshot);
      for (const model::Problem& problem : problems)
        found.problems.push_back(fmt::format("{}: {}", problem.subject, problem.cause));
    } catch (const Error& failure) {  // such as a domain that has gone meanwhile
      found.problems.push_back(fmt::format("domain {}: {}", domain.name(), failure.what()));
    }
  }
  return found;
}

bool named_like_image(const fs::path& path) {
  std::string suffix = path.extension().string();
  std::ranges::transform(suffix, suffix.begin(), [](unsigned char c) { return std::tolower(c); });
  return std::ranges::find(kImageSuffixes, suffix) != kImageSuffixes.end();
}

// The format comes from name and header; where they leave it open, a person must say it.
void add_file(Discovery& found, const fs::path& path) {
  try {
    const std::string format =
        disk::settle_format(base::File::open(path, O_RDONLY | O_NONBLOCK | O_NOFOLLOW), std::nullopt);
    if (format != "raw" || named_like_image(path))
      found.images.push_back(
          {.source = {.path = path, .format = format}, .domain = {}, .target = {}, .snapshot = {}});
  } catch (const Error& failure) {
    found.problems.push_back(
        fmt::format("{}; try: jaunt catalog add --format FORMAT {}", failure.what(), base::printable(path.string())));
  }
}

Discovery discover_folder(const fs::path& folder) {
  Discovery found;
  std::size_t files = 0;
  std::error_code failed;
  fs::recursive_directory_iterator at(folder, fs::directory_options::skip_permission_denied, failed);
  for (; !failed && at != fs::recursive_directory_iterator(); at.increment(failed)) {
    const fs::path& path = at->path();
    std::error_code unknown;
    if (path.filename().string().starts_with(".")) {
      at.disable_recursion_pending();
      continue;
    }
    if (!at->is_regular_file(unknown) || at->is_symlink(unknown))
      continue;
    if (++files > kFolderFilesMax)
      throw Error(ErrorKind::limit, "look through", base::printable(folder.string()),
                  fmt::format("it has more than {} files", kFolderFilesMax), "add the folders of the images alone");
    add_file(found, path);
  }
  if (failed)
    base::throw_errno(failed.value(), "look through", base::printable(folder.string()));
  std::ranges::sort(found.images, {}, [](const DiscoveredImage& image) { return image.source.path; });
  return found;
}

}  // namespace

Discovery discover(const chunkstore::EntryRecord& entry) {
  switch (entry.kind) {
    case chunkstore::EntryKind::libvirt:
      return discover_domains(entry.location);
    case chunkstore::EntryKind::folder:
      return discover_folder(entry.location);
    case chunkstore::EntryKind::packages:
      return {};
    case chunkstore::EntryKind::image:
      break;
  }
  Discovery found;
  found.images.push_back(
      {.source = {.path = entry.location, .format = entry.format}, .domain = {}, .target = {}, .snapshot = {}});
  return found;
}

}  // namespace jaunt::engine
