#include "disk/writer.hpp"

#include <algorithm>
#include <cerrno>
#include <chrono>

#include <fcntl.h>
#include <fmt/format.h>

#include "base/error.hpp"
#include "base/file.hpp"
#include "base/process.hpp"
#include "base/text.hpp"
#include "disk/block_graph.hpp"
#include "disk/identity.hpp"
#include "disk/nbd_connection.hpp"
#include "disk/qemu_nbd.hpp"
#include "model/block.hpp"

namespace jaunt::disk {

namespace {

namespace fs = std::filesystem;
using namespace std::chrono_literals;
using base::ByteCount;
using base::ByteOffset;
using base::ByteView;
using base::Error;
using base::ErrorKind;

constexpr auto kPatience = 60s;
constexpr std::uint64_t kSectorBytes = 512;
constexpr ByteCount kZeroBuffer{base::kMiB};
constexpr ByteCount kCreateMemoryMax{base::kGiB};

// Calls `data` and `zeros` for the runs of blocks that `bytes` is made of, blocks being those of the image.
template <typename Data, typename Zeros>
void split_zero_runs(ByteOffset at, ByteView bytes, Data data, Zeros zeros) {
  const auto next_boundary = [&](std::size_t from) {
    const auto to_boundary = model::kBlockBytes - (at.value + from) % model::kBlockBytes;
    return std::min(bytes.size(), from + to_boundary);
  };
  for (std::size_t begin = 0, end = 0; begin < bytes.size(); begin = end) {
    end = next_boundary(begin);
    const bool zero = model::is_zero(bytes.subspan(begin, end - begin));
    while (end < bytes.size() && model::is_zero(bytes.subspan(end, next_boundary(end) - end)) == zero)
      end = next_boundary(end);
    const ByteOffset run = at + ByteCount(begin);
    if (zero)
      zeros(run, ByteCount(end - begin));
    else
      data(run, bytes.subspan(begin, end - begin));
  }
}

// What both kinds of target share: the temporary file, the bounds, and errors that name the final path.
class FileWriter : public ImageWriter {
 public:
  FileWriter(const fs::path& path, ByteCount size, const WriterOptions& options)
      : path_(path),
        name_(base::printable(path.string())),
        size_(size),
        replace_(options.replace),
        file_((refuse_existing(), path), options.mode) {}

  void write(ByteOffset at, ByteView bytes) final {
    check(at, ByteCount(bytes.size()));
    named("write", [&] {
      split_zero_runs(
          at, bytes, [&](ByteOffset run, ByteView data) { put(run, data); },
          [&](ByteOffset run, ByteCount length) { put_zeros(run, length); });
    });
  }

  void zero(ByteOffset at, ByteCount length) final {
    check(at, length);
    named("write", [&] { put_zeros(at, length); });
  }

  void commit() final {
    base::invariant(!committed_, "an image is committed once");
    named("finish", [&] {
      finish();
      file_.commit(replace_ ? base::AtomicFile::Existing::replace : base::AtomicFile::Existing::keep);
    });
    committed_ = true;
  }

 protected:
  virtual void put(ByteOffset at, ByteView bytes) = 0;
  virtual void put_zeros(ByteOffset at, ByteCount length) = 0;
  virtual void finish() = 0;

  const base::File& file() const { return file_.file(); }
  const std::string& name() const { return name_; }

  // Errors of the temporary file become errors of the final one.
  template <typename Work>
  void named(const char* operation, Work work) const {
    try {
      work();
    } catch (const Error& error) {
      throw Error(error.kind(), operation, name_, error.cause(), error.remedy());
    }
  }

 private:
  void refuse_existing() const {
    std::error_code failed;
    if (!replace_ && fs::exists(fs::symlink_status(path_, failed)))
      throw Error(ErrorKind::usage, "create", name_, "it exists already", "choose another path or remove it first");
  }

  void check(ByteOffset at, ByteCount length) const {
    base::invariant(!committed_, "nothing is written after the commit");
    base::invariant(at.value + length.value <= size_.value, "writes stay within the image");
  }

  fs::path path_;
  std::string name_;
  ByteCount size_;
  bool replace_;
  base::AtomicFile file_;
  bool committed_ = false;
};

class RawWriter final : public FileWriter {
 public:
  RawWriter(const fs::path& path, ByteCount size, const WriterOptions& options) : FileWriter(path, size, options) {
    named("create", [&] { file().truncate(size); });
  }

 private:
  void put(ByteOffset at, ByteView bytes) override { file().write_all(at, bytes); }

  void put_zeros(ByteOffset at, ByteCount length) override {
    if (::fallocate(file().fd(), FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, static_cast<off_t>(at.value),
                    static_cast<off_t>(length.value)) == 0)
      return;
    if (errno != EOPNOTSUPP)
      base::throw_errno(errno, "write", name());
    const base::Bytes zeros(std::min(length, kZeroBuffer).value);
    for (std::uint64_t done = 0; done < length.value; done += zeros.size())
      file().write_all(at + ByteCount(done),
                       ByteView(zeros).first(std::min<std::uint64_t>(zeros.size(), length.value - done)));
  }

  void finish() override {}
};

class Qcow2Writer final : public FileWriter {
 public:
  Qcow2Writer(const fs::path& path, ByteCount size, const std::optional<Chain>& backing, const WriterOptions& options)
      : FileWriter(path, size, options) {
    named("create", [&] {
      make_header(size, backing);
      serve(backing);
    });
  }

 private:
  void make_header(ByteCount size, const std::optional<Chain>& backing) const {
    const std::uint64_t sectors = size.value / kSectorBytes + (size.value % kSectorBytes != 0 ? 1 : 0);
    base::Command command{
        .argv = {"qemu-img", "create", "-q", "-f", "qcow2"}, .environment = {"LC_ALL=C"}, .confinement = {}};
    if (backing) {
      // Unsafe (-u) only in that the backing file is not looked at: it was vetted, and the size is given.
      const std::vector<std::string> thin{"-u", "-b", backing->top().path, "-F", backing->top().format};
      command.argv.insert(command.argv.end(), thin.begin(), thin.end());
    }
    command.argv.push_back(file().path().string());
    command.argv.push_back(fmt::format("{}", sectors * kSectorBytes));
    command.confinement.emplace();
    command.confinement->write_paths.push_back(file().path());
    command.confinement->memory_max = kCreateMemoryMax;
    const auto result = base::run(command, kPatience, ByteCount(base::kMiB));
    if (!result.status.success())
      throw Error(ErrorKind::io, "create", name(), base::last_line(result.err));
  }

  void serve(const std::optional<Chain>& backing) {
    QemuNbd::Setup setup{.name = name(),
                         .graph = writable_qcow2_graph(file().path(), backing ? &*backing : nullptr),
                         .readable = {},
                         .writable = {{.path = file().path(), .identity = identify(file())}},
                         .arguments = {},
                         .folder = {},
                         .patience = kPatience};
    if (backing)
      setup.readable = verified_files(*backing, {.first = 0, .count = backing->layers.size()});
    server_.emplace(setup);
    connection_.emplace(server_->address(),
                        NbdConnection::Options{.name = name(), .contexts = {}, .patience = kPatience});
  }

  void put(ByteOffset at, ByteView bytes) override { connection_->write(at, bytes); }
  void put_zeros(ByteOffset at, ByteCount length) override { connection_->zero(at, length); }

  void finish() override {
    connection_->flush();
    connection_.reset();
    server_->finish();
  }

  std::optional<QemuNbd> server_;
  std::optional<NbdConnection> connection_;
};

}  // namespace

std::unique_ptr<ImageWriter> create_raw(const fs::path& path, ByteCount size, const WriterOptions& options) {
  return std::make_unique<RawWriter>(path, size, options);
}

std::unique_ptr<ImageWriter> create_qcow2(const fs::path& path, ByteCount size, const std::optional<Chain>& backing,
                                          const WriterOptions& options) {
  return std::make_unique<Qcow2Writer>(path, size, backing, options);
}

}  // namespace jaunt::disk
