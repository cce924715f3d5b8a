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
constexpr std::size_t kVersionAt = 8;
constexpr std::size_t kCountAt = 16;
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

[[noreturn]] void refuse(base::ErrorKind kind, const std::string& name, const char* cause) {
  throw base::Error(kind, "read block tree", name, cause, "remove it and scan the layer again");
}

}  // namespace

LayerFile::LayerFile(const std::filesystem::path& path)
    : file_(path), view_(tree_part(file_.bytes()), path.string()), path_(path) {}

model::ExtentSet LayerFile::held() const {
  const std::size_t tree_bytes = tree_part(file_.bytes()).size();
  if (tree_bytes < file_.bytes().size()) {
    const std::size_t at = std::min<std::size_t>(aligned(tree_bytes), file_.bytes().size());
    return decode_held(file_.bytes().subspan(at), view_.size(), path_.string());
  }
  model::ExtentSet everything;
  if (view_.size().value > 0)
    everything.insert({base::ByteOffset(0), view_.size()});
  return everything;
}

base::Bytes encode_held(const model::ExtentSet& held) {
  base::Bytes section;
  const ByteView magic = base::as_bytes(kMagic);
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
  return section;
}

model::ExtentSet decode_held(ByteView section, base::ByteCount layer_size, const std::string& name) {
  using enum base::ErrorKind;
  if (section.size() < kHeaderBytes + sizeof(base::Hash32))
    refuse(corrupt, name, "what follows the tree is cut off");
  if (!std::ranges::equal(section.first(kMagic.size()), base::as_bytes(kMagic)))
    refuse(corrupt, name, "what follows the tree is not what its layer holds");
  if (base::load_le<std::uint32_t>(section.subspan(kVersionAt)) != kVersion)
    refuse(unsupported, name, "what its layer holds is written in another version");
  const ByteView hash = section.last(sizeof(base::Hash32));
  const ByteView sealed = section.first(section.size() - hash.size());
  const std::size_t extent_bytes = sealed.size() - kHeaderBytes;
  if (extent_bytes % kExtentBytes != 0 ||
      base::load_le<std::uint64_t>(sealed.subspan(kCountAt)) != extent_bytes / kExtentBytes)
    refuse(corrupt, name, "what its layer holds is of another length than it says");
  if (!std::ranges::equal(base::sha256(sealed), hash))
    refuse(corrupt, name, "the checksum of what its layer holds does not fit");
  model::ExtentSet held;
  std::uint64_t end = 0;
  for (ByteView rest = sealed.subspan(kHeaderBytes); !rest.empty(); rest = rest.subspan(kExtentBytes)) {
    const auto offset = base::load_le<std::uint64_t>(rest);
    const auto length = base::load_le<std::uint64_t>(rest.subspan(sizeof offset));
    if (offset < end || length == 0 || offset > layer_size.value || length > layer_size.value - offset)
      refuse(corrupt, name, "what its layer holds is out of order or beyond its end");
    held.insert({base::ByteOffset(offset), base::ByteCount(length)});
    end = offset + length;
  }
  return held;
}

void append_held(const std::filesystem::path& tree, const model::ExtentSet& held) {
  const base::File file = base::File::open(tree, O_RDWR);
  file.write_all(base::ByteOffset(aligned(static_cast<std::uint64_t>(file.stat().st_size))), encode_held(held));
  file.sync();
}

}  // namespace jaunt::chunkstore
