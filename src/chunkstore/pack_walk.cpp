#include "chunkstore/pack_walk.hpp"

#include <algorithm>
#include <cstring>

#include <fcntl.h>

#include "base/file.hpp"
#include "chunkstore/pack_reader.hpp"
#include "codec/zstd_frame.hpp"

namespace jaunt::chunkstore {

namespace {

using base::Error;
using base::ErrorKind;
using pack_format::kAlignment;

constexpr std::size_t kWindowBytes = base::kMiB;
static_assert(kWindowBytes >= 2 * pack_format::kGroupBytesMax);
constexpr std::uint64_t kSectorBytes = 4096;

// The file through a window that is moved forward.
class Window {
 public:
  Window(const std::filesystem::path& path, std::uint64_t bytes)
      : file_(base::File::open(path, O_RDONLY)),
        end_(std::min(bytes, static_cast<std::uint64_t>(file_.stat().st_size))) {}

  std::uint64_t end() const { return end_; }

  // What lies there, at least a group if there is so much; nothing where it cannot be read.
  base::ByteView at(std::uint64_t offset) {
    const std::uint64_t wanted = std::min<std::uint64_t>(end_ - offset, pack_format::kGroupBytesMax);
    if (offset < start_ || offset + wanted > start_ + bytes_.size())
      load(offset);
    return base::ByteView(bytes_).subspan(std::min<std::size_t>(offset - start_, bytes_.size()));
  }

 private:
  void load(std::uint64_t offset) {
    start_ = offset;
    bytes_.resize(std::min<std::uint64_t>(kWindowBytes, end_ - offset));
    try {
      bytes_.resize(file_.read_some(base::ByteOffset(offset), bytes_));
    } catch (const Error& error) {
      if (error.kind() != ErrorKind::io)
        throw;
      load_sectors(offset);
    }
  }

  // As far as the disk gives it.
  void load_sectors(std::uint64_t offset) {
    std::size_t done = 0;
    try {
      while (done < bytes_.size()) {
        const std::size_t some =
            std::min<std::size_t>(kSectorBytes - (offset + done) % kSectorBytes, bytes_.size() - done);
        file_.read_exact(base::ByteOffset(offset + done), std::span(bytes_).subspan(done, some));
        done += some;
      }
    } catch (const Error&) {
    }
    bytes_.resize(done);
  }

  base::File file_;
  std::uint64_t end_;
  std::uint64_t start_ = 0;
  base::Bytes bytes_;
};

}  // namespace

void walk_pack(const std::filesystem::path& path, base::ByteCount bytes, const VisitGroup& visit,
               const base::CancelToken& cancel) {
  Window window(path, bytes.value);
  codec::FrameDecompressor decompressor;
  base::Bytes buffer;
  std::uint64_t offset = pack_format::kHeaderBytes;
  while (offset < window.end()) {
    const base::ByteView here = window.at(offset);
    if (here.size() < pack_format::kGroupMagic.size() ||
        std::memcmp(here.data(), pack_format::kGroupMagic.data(), pack_format::kGroupMagic.size()) != 0) {
      offset += kAlignment;
      continue;
    }
    cancel.check();
    std::uint64_t length = kAlignment;
    try {
      const auto group = pack_format::parse_group(here);
      pack_format::check_sum(here, group);
      visit(base::ByteOffset(offset), group, content_of(group, decompressor, buffer));
      length = pack_format::aligned(group.bytes);
    } catch (const Error& error) {
      if (error.kind() != ErrorKind::corrupt)
        throw;
    }
    offset += length;
  }
}

}  // namespace jaunt::chunkstore
