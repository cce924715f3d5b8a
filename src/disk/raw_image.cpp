#include "disk/raw_image.hpp"

#include <algorithm>
#include <cerrno>
#include <utility>

#include <fcntl.h>
#include <unistd.h>

#include "base/error.hpp"
#include "base/text.hpp"
#include "disk/direct_file.hpp"
#include "disk/vetted_file.hpp"

namespace jaunt::disk {

namespace {

using base::ByteCount;
using base::ByteOffset;

// Scans read less at a time, and do better with what the kernel reads ahead.
constexpr std::size_t kDirectReadMin = 256 * base::kKiB;

class RawReader final : public Reader {
 public:
  RawReader(const base::File& file, const std::optional<base::File>& direct, ByteCount size)
      : file_(file), direct_(direct), size_(size) {}

  void read(ByteOffset at, std::span<std::byte> into) override {
    base::invariant(at.value + into.size() <= size_.value, "reads stay within the image");
    if (direct_ && into.size() >= kDirectReadMin && goes_direct(at, into))
      read_around_cache(file_, *direct_, at, into);
    else
      file_.read_exact(at, into);
  }

  std::vector<Allocation> allocation(ByteOffset at, ByteCount length) override {
    const ByteOffset end(std::min(at.value + length.value, size_.value));
    base::invariant(at < end, "allocation is asked within the image");
    const off_t data = ::lseek(file_.fd(), static_cast<off_t>(at.value), SEEK_DATA);
    if (data < 0 && errno == ENXIO)
      return {{{at, end - at}, true}};
    if (data < 0)  // block devices and old filesystems cannot tell
      return {{{at, end - at}, false}};
    if (ByteOffset(static_cast<std::uint64_t>(data)) >= end)
      return {{{at, end - at}, true}};
    std::vector<Allocation> result;
    const ByteOffset begin(static_cast<std::uint64_t>(data));
    if (begin > at)
      result.push_back({{at, begin - at}, true});
    const off_t hole = ::lseek(file_.fd(), data, SEEK_HOLE);
    const ByteOffset stop = hole < 0 ? end : std::min(end, ByteOffset(static_cast<std::uint64_t>(hole)));
    if (stop > begin)
      result.push_back({{begin, stop - begin}, false});
    return result;
  }

 private:
  const base::File& file_;
  const std::optional<base::File>& direct_;
  ByteCount size_;
};

class RawImage final : public Image {
 public:
  explicit RawImage(base::File file)
      : file_(std::move(file)),
        direct_(open_direct(file_, O_RDONLY)),
        name_(base::printable(file_.path().string())),
        size_(byte_size(file_)) {}

  const std::string& name() const override { return name_; }
  ByteCount size() const override { return size_; }
  std::unique_ptr<Reader> reader() const override { return std::make_unique<RawReader>(file_, direct_, size_); }

 private:
  base::File file_;
  std::optional<base::File> direct_;
  std::string name_;
  ByteCount size_;
};

}  // namespace

std::unique_ptr<Image> open_raw(const std::filesystem::path& path) {
  return open_raw(base::File::open(path, O_RDONLY | O_NONBLOCK));
}

std::unique_ptr<Image> open_raw(base::File file) {
  return std::make_unique<RawImage>(std::move(file));
}

}  // namespace jaunt::disk
