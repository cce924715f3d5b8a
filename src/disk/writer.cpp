#include "disk/writer.hpp"

#include "base/error.hpp"
#include "base/file.hpp"
#include "base/text.hpp"
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

  void put_zeros(ByteOffset at, ByteCount length) override { put_raw_zeros(file(), at, length); }

  void finish() override {}
};

class Qcow2Writer final : public FileWriter {
 public:
  Qcow2Writer(const fs::path& path, ByteCount size, const std::optional<Chain>& backing, const WriterOptions& options)
      : FileWriter(path, size, options) {
    named("create", [&] {
      make_qcow2(file(), size, backing);
      content_.emplace(file(), name(), backing);
    });
  }

 private:
  void put(ByteOffset at, ByteView bytes) override { content_->write(at, bytes); }
  void put_zeros(ByteOffset at, ByteCount length) override { content_->zero(at, length); }
  void finish() override { content_->finish(); }

  std::optional<Qcow2File> content_;
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
