#include "disk/partial_image.hpp"

#include <algorithm>
#include <cerrno>
#include <mutex>
#include <utility>

#include <fcntl.h>
#include <linux/fs.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "base/error.hpp"
#include "base/named_point.hpp"
#include "base/put_in_place.hpp"
#include "base/text.hpp"
#include "disk/direct_file.hpp"
#include "disk/image_content.hpp"
#include "disk/qcow2_file.hpp"

namespace jaunt::disk {

namespace {

namespace fs = std::filesystem;
using base::ByteCount;
using base::ByteOffset;
using base::ByteView;
using base::Error;
using base::ErrorKind;

constexpr std::uint64_t kSectorBytes = 512;

struct Opened {
  base::File file;
  bool found = false;
};

Opened open_hidden(const PartialImageSpec& spec) {
  const int flags = O_RDWR | O_NOFOLLOW | O_NONBLOCK;
  try {
    return {base::File::open(spec.path, flags | O_CREAT | O_EXCL, 0600), false};
  } catch (const Error&) {
    if (!fs::is_regular_file(fs::symlink_status(spec.path)))
      throw;
  }
  Opened opened{base::File::open(spec.path, flags), true};
  const auto status = opened.file.stat();
  if (status.st_uid != ::geteuid() || status.st_nlink != 1)
    throw Error(ErrorKind::auth, "go on with", spec.path.string(), "it is not ours", "remove it and start again");
  return opened;
}

// What both formats share: the hidden file, the bounds, and errors that name the final path.
class HiddenImage : public PartialImage {
 public:
  bool found() const final { return opened_.found; }

  void write(ByteOffset at, ByteView bytes) final {
    check(at, bytes.size());
    named("write", [&] {
      split_zero_runs(
          at, bytes, [&](ByteOffset run, ByteView data) { put(run, data); },
          [&](ByteOffset run, ByteCount length) { put_zeros(run, length); });
    });
  }

  void read(ByteOffset at, std::span<std::byte> into) final {
    check(at, into.size());
    named("read", [&] { get(at, into); });
  }

  bool clone(ByteOffset at, const base::File& from, ByteOffset offset, ByteCount length) final {
    check(at, length.value);
    return refer(at, from, offset, length);
  }

  std::optional<model::Extent> data_from(ByteOffset at) final {
    auto data = named("read", [&] { return next_data(at); });
    if (!data || data->offset.value >= size_.value)
      return std::nullopt;
    data->length = std::min(data->length, ByteOffset(size_.value) - data->offset);
    return data;
  }

  void keep() final {
    named("write", [&] { flush(); });
  }

  void commit(bool replace) final {
    named("finish", [&] {
      finish();
      file().sync();
      base::named_point("target synced");
      base::put_in_place(file().path(), final_path_, replace);
      base::named_point("target in place");
    });
  }

 protected:
  explicit HiddenImage(const PartialImageSpec& spec)
      : final_path_(spec.final_path), name_(base::printable(spec.final_path.string())), size_(spec.size) {
    opened_ = named("create", [&] { return open_hidden(spec); });
  }

  virtual void put(ByteOffset at, ByteView bytes) = 0;
  virtual void put_zeros(ByteOffset at, ByteCount length) = 0;
  virtual void get(ByteOffset at, std::span<std::byte> into) = 0;
  virtual bool refer(ByteOffset, const base::File&, ByteOffset, ByteCount) { return false; }
  virtual std::optional<model::Extent> next_data(ByteOffset at) = 0;
  virtual void flush() {}
  virtual void finish() {}

  const base::File& file() const { return opened_.file; }
  const std::string& name() const { return name_; }
  ByteCount size() const { return size_; }

  // Errors of the hidden file become errors of the final one.
  template <typename Work>
  auto named(const char* operation, const Work& work) const -> decltype(work()) {
    try {
      return work();
    } catch (const Error& error) {
      throw Error(error.kind(), operation, name_, error.cause(), error.remedy());
    }
  }

 private:
  void check(ByteOffset at, std::uint64_t length) const {
    base::invariant(at.value + length <= size_.value, "a target is touched within its size");
  }

  fs::path final_path_;
  std::string name_;
  ByteCount size_;
  Opened opened_;
};

// Long runs go around the page cache: a target is larger than what is worth caching, nothing is left to write out at
// the end, what is read back is what lies on the disk, and it takes a fifth of the CPU.
class RawPartial final : public HiddenImage {
 public:
  explicit RawPartial(const PartialImageSpec& spec) : HiddenImage(spec) {
    named("create", [&] { file().truncate(spec.size); });
    direct_ = open_direct(file(), O_RDWR);
  }

 private:
  const base::File& file_for(ByteOffset at, ByteView bytes) const {
    return direct_ && goes_direct(at, bytes) ? *direct_ : file();
  }

  void put(ByteOffset at, ByteView bytes) override { file_for(at, bytes).write_all(at, bytes); }
  void put_zeros(ByteOffset at, ByteCount length) override { put_raw_zeros(file(), at, length); }
  void get(ByteOffset at, std::span<std::byte> into) override { file_for(at, into).read_exact(at, into); }

  bool refer(ByteOffset at, const base::File& from, ByteOffset offset, ByteCount length) override {
    file_clone_range range{};
    range.src_fd = from.fd();
    range.src_offset = offset.value;
    range.src_length = length.value;
    range.dest_offset = at.value;
    return ::ioctl(file().fd(), FICLONERANGE, &range) == 0;
  }

  std::optional<model::Extent> next_data(ByteOffset at) override {
    const off_t data = ::lseek(file().fd(), static_cast<off_t>(at.value), SEEK_DATA);
    if (data < 0 && errno == ENXIO)
      return std::nullopt;
    if (data < 0)  // the filesystem cannot tell
      return model::Extent{at, ByteOffset(size().value) - at};
    const off_t hole = ::lseek(file().fd(), data, SEEK_HOLE);
    const ByteOffset begin(static_cast<std::uint64_t>(data));
    const ByteOffset end(hole < 0 ? size().value : static_cast<std::uint64_t>(hole));
    return model::Extent{begin, end - begin};
  }

  std::optional<base::File> direct_;
};

// One connection, taken in turns.
class Qcow2Partial final : public HiddenImage {
 public:
  explicit Qcow2Partial(const PartialImageSpec& spec) : HiddenImage(spec), backing_(spec.backing) {
    named("create", [&] {
      if (file().stat().st_size == 0 || !opens()) {
        file().truncate({});
        make_qcow2(file(), spec.size, backing_);
        opens();
      }
      if (backing_ && spec.size.value % kSectorBytes != 0)  // a guest sees whole sectors
        content_->zero(ByteOffset(spec.size.value), ByteCount(kSectorBytes - spec.size.value % kSectorBytes));
    });
  }

  ByteCount referenced() override {
    const std::scoped_lock lock(turn_);
    return named("read", [&] { return content_->referenced(); });
  }

 private:
  // False when what was found is no qcow2 that can be gone on with.
  bool opens() {
    const bool fresh = !found();
    try {
      if (!fresh)
        set_backing(file(), backing_);
      content_.emplace(file(), name(), backing_);
    } catch (const Error&) {
      if (fresh || std::exchange(tried_, true))
        throw;
      return false;
    }
    return true;
  }

  void put(ByteOffset at, ByteView bytes) override {
    const std::scoped_lock lock(turn_);
    if (backing_)
      put_differing(at, bytes);
    else
      content_->write(at, bytes);
  }
  void put_zeros(ByteOffset at, ByteCount length) override {
    const std::scoped_lock lock(turn_);
    if (backing_)
      if (const auto data = content_->data_from(at); !data || data->offset >= at + length)
        return;
    content_->zero(at, length);
  }
  void get(ByteOffset at, std::span<std::byte> into) override {
    const std::scoped_lock lock(turn_);
    content_->read(at, into);
  }
  std::optional<model::Extent> next_data(ByteOffset at) override {
    const std::scoped_lock lock(turn_);
    return content_->data_from(at);
  }
  void flush() override {
    const std::scoped_lock lock(turn_);
    content_->flush();
  }
  void finish() override { content_->finish(); }

  // Leaves alone what reads so already.
  void put_differing(ByteOffset at, ByteView bytes) {
    there_.resize(bytes.size());
    content_->read(at, there_);
    const auto block_end = [&](std::size_t from) { return std::min(bytes.size(), from + model::kBlockBytes); };
    const auto differs = [&](std::size_t from) {
      return !std::ranges::equal(bytes.subspan(from, block_end(from) - from),
                                 std::span(there_).subspan(from, block_end(from) - from));
    };
    for (std::size_t begin = 0, end = 0; begin < bytes.size(); begin = end) {
      end = block_end(begin);
      if (!differs(begin))
        continue;
      while (end < bytes.size() && differs(end))
        end = block_end(end);
      content_->write(at + ByteCount(begin), bytes.subspan(begin, end - begin));
    }
  }

  std::mutex turn_;
  const std::optional<Chain> backing_;
  base::Bytes there_;
  std::optional<Qcow2File> content_;
  bool tried_ = false;
};

}  // namespace

std::unique_ptr<PartialImage> open_partial_image(const PartialImageSpec& spec) {
  if (spec.format == "raw")
    return std::make_unique<RawPartial>(spec);
  if (spec.format == "qcow2")
    return std::make_unique<Qcow2Partial>(spec);
  throw Error(ErrorKind::unsupported, "create", base::printable(spec.final_path.string()),
              "targets are raw or qcow2, not " + base::printable(spec.format));
}

}  // namespace jaunt::disk
