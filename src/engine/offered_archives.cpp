#include "engine/offered_archives.hpp"

#include <algorithm>
#include <chrono>
#include <utility>

#include <fcntl.h>
#include <fmt/format.h>

#include "disk/open.hpp"
#include "disk/scan.hpp"
#include "model/tree_file.hpp"

namespace jaunt::engine {

namespace fs = std::filesystem;

namespace {

constexpr std::uint64_t kSample = 32;  // of an archive's blocks
constexpr std::chrono::hours kHeldWithin{24};
constexpr std::chrono::hours kRemembered{90 * 24};

fs::path parent_in(const Home& home) {
  return home.cache() / "unpacked";
}

// Of archives that were looked into: which encoder makes them again.
fs::path memory_of(const Home& home) {
  const fs::path memory = home.cache() / "archives";
  fs::create_directories(memory);
  return memory;
}

void remove_old(const fs::path& parent, std::chrono::hours age) {
  std::error_code none;
  for (const auto& entry : fs::directory_iterator(parent, none))
    if (fs::last_write_time(entry, none) + age < fs::file_time_type::clock::now())
      fs::remove_all(entry, none);
}

// Blocks from all over the archive.
std::vector<model::BlockId> sample_of(const GuestArchive& archive, const model::TreeView& tree) {
  std::vector<model::BlockIndex> blocks;
  for (const model::Extent& extent : archive.extents)
    for (std::uint64_t at = 0; at + model::kBlockBytes <= extent.length.value; at += model::kBlockBytes)
      blocks.emplace_back((extent.offset.value + at) / model::kBlockBytes);
  std::vector<model::BlockId> ids;
  const std::uint64_t count = std::min<std::uint64_t>(kSample, blocks.size());
  for (std::uint64_t i = 0; i < count; ++i)
    if (const auto id = tree.id_at(blocks[i * blocks.size() / count]))
      ids.push_back(*id);
  return ids;
}

// The archive's bytes in a file of their own.
base::File copied(const GuestArchive& archive, const disk::Image& image, const fs::path& folder) {
  base::File file = base::unnamed_file(folder);
  const auto reader = image.reader();
  base::Bytes bytes(base::kMiB);
  std::uint64_t done = 0;
  for (const model::Extent& extent : archive.extents)
    for (std::uint64_t at = 0; at < extent.length.value && done < archive.size.value;) {
      const std::uint64_t some =
          std::min({std::uint64_t{bytes.size()}, extent.length.value - at, archive.size.value - done});
      const auto part = std::span(bytes).first(some);
      reader->read(extent.offset + base::ByteCount(at), part);
      file.write_all(base::ByteOffset(done), part);
      at += some;
      done += some;
    }
  return file;
}

}  // namespace

OfferedArchives::OfferedArchives(std::shared_ptr<const GuestFiles> files, const Workplace& workplace)
    : files_(std::move(files)), workplace_(workplace) {}

std::vector<const GuestArchive*> OfferedArchives::of(std::size_t disk) const {
  std::vector<const GuestArchive*> archives;
  if (files_)
    for (const GuestArchive& archive : files_->archives)
      if (archive.disk == disk)
        archives.push_back(&archive);
  return archives;
}

const fs::path& OfferedArchives::folder() {
  if (!folder_) {
    const fs::path parent = parent_in(workplace_.home);
    fs::create_directories(parent);
    remove_old(parent, kHeldWithin);  // what killed processes left
    remove_old(memory_of(workplace_.home), kRemembered);
    folder_.emplace(parent);
  }
  return folder_->path();
}

transport::Archives OfferedArchives::told(std::size_t disk, const model::TreeView& tree) const {
  transport::Archives told;
  for (const GuestArchive* const archive : of(disk)) {
    const bool fits = std::ranges::all_of(
        archive->extents, [&](const model::Extent& extent) { return extent.end().value <= tree.size().value; });
    told.archives.push_back({.path = archive->path.substr(0, transport::kSubjectBytesMax),
                             .size = archive->size,
                             .sample = fits ? sample_of(*archive, tree) : std::vector<model::BlockId>{}});
  }
  return told;
}

std::variant<OfferedArchives::Opened, codec::NotUnpacked> OfferedArchives::open(std::size_t disk,
                                                                                std::uint32_t position,
                                                                                const disk::Image& image) {
  const auto known = of(disk);
  if (position >= known.size())
    throw base::Error(base::ErrorKind::corrupt, "answer", "the destination",
                      "it asks for an archive that is not there");
  const GuestArchive& archive = *known[position];
  workplace_.progress.stage(fmt::format("taking {} apart", archive.path), {});
  const base::File packed = copied(archive, image, folder());
  const fs::path path = folder() / fmt::format("{}", ++opened_);
  const auto unpacked = base::File::open(path, O_RDWR | O_CREAT | O_EXCL);
  auto result = codec::unpack_archive(packed, archive.size, unpacked, folder(), memory_of(workplace_.home), workplace_.cancel);
  if (auto* const no = std::get_if<codec::NotUnpacked>(&result)) {
    fs::remove(path);
    return std::move(*no);
  }
  Opened opened{.archive = std::move(std::get<codec::UnpackedArchive>(result)), .path = archive.path, .content = {}};
  opened.content.index = disk;
  opened.content.chain =
      disk::resolve_chain({.path = path, .format = "raw"}, {.folders = {fs::canonical(folder())}, .devices = {}});
  const auto content = disk::open_image(opened.content.chain);
  const fs::path tree = path.string() + ".tree";
  disk::scan(*content, {.tree_path = tree, .threads = workplace_.config.threads}, workplace_.progress,
             workplace_.cancel);
  const auto file = std::make_shared<model::TreeFile>(tree);
  opened.content.tree = std::shared_ptr<const model::TreeView>(file, &file->view());
  return opened;
}

}  // namespace jaunt::engine
