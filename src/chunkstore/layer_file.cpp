#include "chunkstore/layer_file.hpp"

#include <algorithm>
#include <cstdint>
#include <string_view>

#include <fcntl.h>

#include "base/error.hpp"
#include "base/hash.hpp"

namespace jaunt::chunkstore {

namespace {

using base::ByteView;
using model::tree_format::aligned;

constexpr std::string_view kMagic = "JAUNHELD";
constexpr std::uint32_t kVersion = 1;
constexpr std::size_t kHeaderBytes = 24;
constexpr std::size_t kExtentBytes = 16;
constexpr std::size_t kTreeLengthAt = 16;  // in the tree's own header

// The bytes of the tree at the front; the tree itself checks them.
ByteView tree_part(ByteView file) {
  if (file.size() < kTreeLengthAt + sizeof(std::uint64_t))
    return file;
  const auto length = base::load_le<std::uint64_t>(file.subspan(kTreeLengthAt));
  return file.first(static_cast<std::size_t>(std::min<std::uint64_t>(length, file.size())));
}

[[noreturn]] void corrupt(const std::filesystem::path& path, const char* cause) {
  throw base::Error(base::ErrorKind::corrupt, "read block tree", path.string(), cause,
                    "remove it and scan the layer again");
}

}  // namespace

LayerFile::LayerFile(const std::filesystem::path& path)
    : file_(path), view_(tree_part(file_.bytes()), path.string()), path_(path) {}

model::ExtentSet LayerFile::held() const {
  const std::size_t tree_bytes = tree_part(file_.bytes()).size();
  model::ExtentSet result;
  if (tree_bytes == file_.bytes().size()) {
    if (view_.size().value > 0)
      result.insert({base::ByteOffset(0), view_.size()});
    return result;
  }
  const std::size_t at = aligned(tree_bytes);
  if (file_.bytes().size() < at + kHeaderBytes + sizeof(base::Hash32))
    corrupt(path_, "what follows the tree is cut off");
  const ByteView section = file_.bytes().subspan(at, file_.bytes().size() - at - sizeof(base::Hash32));
  const auto count = base::load_le<std::uint64_t>(section.subspan(16));
  if (!std::ranges::equal(section.first(kMagic.size()), base::as_bytes(kMagic)) ||
      base::load_le<std::uint32_t>(section.subspan(8)) != kVersion ||
      (section.size() - kHeaderBytes) % kExtentBytes != 0 || (section.size() - kHeaderBytes) / kExtentBytes != count)
    corrupt(path_, "what follows the tree is not what its layer holds");
  if (!std::ranges::equal(base::sha256(section), file_.bytes().last(sizeof(base::Hash32))))
    corrupt(path_, "the checksum of what its layer holds does not fit");
  std::uint64_t end = 0;
  for (std::size_t i = 0; i < count; ++i) {
    const ByteView entry = section.subspan(kHeaderBytes + i * kExtentBytes, kExtentBytes);
    const auto offset = base::load_le<std::uint64_t>(entry);
    const auto length = base::load_le<std::uint64_t>(entry.subspan(8));
    if (offset < end || length == 0 || offset > view_.size().value || length > view_.size().value - offset)
      corrupt(path_, "what its layer holds is out of order or beyond its end");
    result.insert({base::ByteOffset(offset), base::ByteCount(length)});
    end = offset + length;
  }
  return result;
}

void append_held(const std::filesystem::path& tree, const model::ExtentSet& held) {
  const base::File file = base::File::open(tree, O_RDWR);
  base::Bytes section;
  const base::ByteView magic = base::as_bytes(kMagic);
  section.insert(section.end(), magic.begin(), magic.end());
  base::append_le(section, kVersion);
  base::append_le(section, std::uint32_t{0});
  base::append_le(section, static_cast<std::uint64_t>(held.extents().size()));
  for (const model::Extent& extent : held.extents()) {
    base::append_le(section, extent.offset.value);
    base::append_le(section, extent.length.value);
  }
  const base::Hash32 hash = base::sha256(section);
  section.insert(section.end(), hash.begin(), hash.end());
  file.write_all(base::ByteOffset(aligned(static_cast<std::uint64_t>(file.stat().st_size))), section);
  file.sync();
}

}  // namespace jaunt::chunkstore
