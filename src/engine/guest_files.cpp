#include "engine/guest_files.hpp"

#include <algorithm>
#include <array>

#include <nlohmann/json.hpp>

#include "base/error.hpp"
#include "base/text.hpp"
#include "codec/zstd_frame.hpp"
#include "transport/messages.hpp"

namespace jaunt::engine {

using Json = nlohmann::json;

namespace {

constexpr std::size_t kPiecesMax = 1 << 20;  // of all files
constexpr std::uint64_t kArchiveBytesMin = 256 * base::kKiB;
constexpr std::uint64_t kArchiveBytesMax = base::kGiB;
constexpr std::uint64_t kNoteBytesMax = 128 * base::kMiB;  // when it is read

// What is worth a try, by its name; what it really is turns out when it is taken apart.
bool named_like_an_archive(std::string_view path) {
  const std::string_view name = path.substr(path.rfind('/') + 1);
  constexpr std::array<std::string_view, 2> kBegins{"initrd", "initramfs"};
  constexpr std::array<std::string_view, 4> kEnds{".gz", ".xz", ".zst", ".lz4"};
  return std::ranges::any_of(kBegins, [&](auto begin) { return name.starts_with(begin); }) ||
         std::ranges::any_of(kEnds, [&](auto end) { return name.ends_with(end); });
}

sync::FileStretch stretch_of(const describe::FilePiece& piece, std::uint32_t file) {
  const std::uint64_t begin = piece.on_disk.offset.value / model::kBlockBytes;
  const std::uint64_t end =
      (piece.on_disk.offset.value + piece.on_disk.length.value + model::kBlockBytes - 1) / model::kBlockBytes;
  return {.first = model::BlockIndex(begin), .blocks = end - begin, .file = file};
}

}  // namespace

void GuestFilesCollector::add(const describe::FileExtents& file) {
  if (file.pieces.empty() || pieces_.size() + file.pieces.size() > kPiecesMax)
    return;
  files_.push_back(
      {.name = {file.filesystem, file.path}, .first_piece = pieces_.size(), .pieces = file.pieces.size()});
  pieces_.insert(pieces_.end(), file.pieces.begin(), file.pieces.end());
  if (file.size.value >= kArchiveBytesMin && file.size.value <= kArchiveBytesMax && named_like_an_archive(file.path))
    add_archive(file);
}

void GuestFilesCollector::add_archive(const describe::FileExtents& file) {
  GuestArchive archive{
      .path = base::printable(file.path), .disk = file.pieces.front().disk, .size = file.size, .extents = {}};
  std::uint64_t known = 0;
  for (const describe::FilePiece& piece : file.pieces) {
    if (piece.disk != archive.disk || piece.in_file.value != known ||
        piece.on_disk.offset.value % model::kBlockBytes != 0)
      return;
    archive.extents.push_back(piece.on_disk);
    known += piece.on_disk.length.value;
  }
  if (known >= file.size.value)
    archives_.push_back(std::move(archive));
}

GuestFiles GuestFilesCollector::finish() {
  std::ranges::sort(files_, {}, &File::name);
  GuestFiles result;
  for (std::uint32_t number = 0; number < files_.size(); ++number)
    for (std::size_t i = 0; i < files_[number].pieces; ++i) {
      const describe::FilePiece& piece = pieces_[files_[number].first_piece + i];
      result.stretches[piece.disk].push_back(stretch_of(piece, number));
    }
  std::ranges::sort(archives_, [](const auto& a, const auto& b) {
    return std::pair(b.size, std::string_view(a.path)) < std::pair(a.size, std::string_view(b.path));
  });
  if (archives_.size() > transport::kArchivesMax)
    archives_.resize(transport::kArchivesMax);
  result.archives = std::move(archives_);
  return result;
}

std::optional<std::string> to_note(const GuestFiles& files, std::size_t bytes_max) {
  Json json{{"disks", Json::array()}, {"archives", Json::array()}};
  for (const auto& [disk, stretches] : files.stretches) {
    Json list = Json::array();
    std::uint64_t end = 0;
    const sync::FileOrder ordered(stretches);
    for (const sync::FileStretch& stretch : ordered.stretches()) {
      list.push_back(stretch.first.value - end);
      list.push_back(stretch.blocks);
      list.push_back(stretch.file);
      end = stretch.first.value + stretch.blocks;
    }
    json["disks"].push_back({{"disk", disk}, {"stretches", std::move(list)}});
  }
  for (const GuestArchive& archive : files.archives) {
    Json extents = Json::array();
    for (const model::Extent& extent : archive.extents)
      extents.push_back({extent.offset.value, extent.length.value});
    json["archives"].push_back(
        {{"path", archive.path}, {"disk", archive.disk}, {"size", archive.size.value}, {"extents", extents}});
  }
  const std::string text = json.dump();
  base::Bytes note;
  base::append_le(note, std::uint64_t{text.size()});
  if (!codec::FrameCompressor().append_frame(base::as_bytes(text), bytes_max, note) || note.size() > bytes_max)
    return std::nullopt;
  return std::string(reinterpret_cast<const char*>(note.data()), note.size());
}

std::optional<GuestFiles> guest_files_from_note(std::string_view note) {
  constexpr std::size_t kHead = sizeof(std::uint64_t);
  if (note.size() < kHead)
    return std::nullopt;
  const auto length = base::load_le<std::uint64_t>(base::as_bytes(note));
  if (length > kNoteBytesMax)
    return std::nullopt;
  try {
    base::Bytes text(length);
    codec::FrameDecompressor().decompress(base::as_bytes(note).subspan(kHead), text);
    const Json json = Json::parse(text.begin(), text.end());
    GuestFiles files;
    for (const Json& disk : json.at("disks")) {
      auto& stretches = files.stretches[disk.at("disk").get<std::size_t>()];
      const auto numbers = disk.at("stretches").get<std::vector<std::uint64_t>>();
      std::uint64_t end = 0;
      for (std::size_t i = 0; i + 3 <= numbers.size(); i += 3) {
        stretches.push_back({.first = model::BlockIndex(end + numbers[i]),
                             .blocks = numbers[i + 1],
                             .file = static_cast<std::uint32_t>(numbers[i + 2])});
        end += numbers[i] + numbers[i + 1];
      }
    }
    for (const Json& kept : json.at("archives")) {
      GuestArchive& archive = files.archives.emplace_back();
      archive.path = kept.at("path").get<std::string>();
      archive.disk = kept.at("disk").get<std::size_t>();
      archive.size = base::ByteCount(kept.at("size").get<std::uint64_t>());
      for (const Json& extent : kept.at("extents"))
        archive.extents.push_back({base::ByteOffset(extent.at(0).get<std::uint64_t>()),
                                   base::ByteCount(extent.at(1).get<std::uint64_t>())});
    }
    return files;
  } catch (const base::Error&) {
    return std::nullopt;
  } catch (const Json::exception&) {
    return std::nullopt;
  }
}

}  // namespace jaunt::engine
