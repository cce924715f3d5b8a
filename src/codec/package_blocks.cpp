#include "codec/package_blocks.hpp"

#include <algorithm>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_set>

#include <archive.h>
#include <archive_entry.h>

#include "base/error.hpp"
#include "base/text.hpp"
#include "model/block.hpp"

namespace jaunt::codec {

using base::Error;
using base::ErrorKind;

namespace {

constexpr std::size_t kPieceBytes = 64 * base::kKiB;
constexpr std::size_t kBufferBytes = base::kMiB;
constexpr std::size_t kPathsBytesMax = 64 * base::kMiB;

struct Free {
  void operator()(archive* handle) const { ::archive_read_free(handle); }
};
using Archive = std::unique_ptr<archive, Free>;

[[noreturn]] void refuse(ErrorKind kind, std::string cause) {
  throw Error(kind, "unpack", "the package", std::move(cause));
}

[[noreturn]] void refuse(archive* handle) {
  const char* const told = ::archive_error_string(handle);
  refuse(ErrorKind::corrupt, told == nullptr ? "it is broken" : base::printable(told));
}

// Without those that start programs.
Archive new_archive() {
  Archive handle(::archive_read_new());
  base::invariant(handle != nullptr, "there is memory for a reader");
  ::archive_read_support_filter_gzip(handle.get());
  ::archive_read_support_filter_xz(handle.get());
  ::archive_read_support_filter_lzma(handle.get());
  ::archive_read_support_filter_bzip2(handle.get());
  ::archive_read_support_filter_zstd(handle.get());
  return handle;
}

// Counts what was unpacked, so that little input cannot become endless work.
class Budget {
 public:
  explicit Budget(const PackageBounds& bounds) : bounds_(bounds) {}

  void unpacked(std::size_t bytes) {
    bytes_ += bytes;
    if (bytes_ > bounds_.bytes_max.value)
      refuse(ErrorKind::limit, "it unpacks to more than " + base::human_bytes(bounds_.bytes_max));
  }
  void member() {
    if (++members_ > bounds_.members_max)
      refuse(ErrorKind::limit, "it has too many members");
  }

 private:
  const PackageBounds bounds_;
  std::uint64_t bytes_ = 0;
  std::uint64_t members_ = 0;
};

class Output {
 public:
  Output(const base::File& file, const PackageBounds& bounds) : file_(file), max_(bounds.output_max) {}

  void add(base::ByteView bytes) {
    buffer_.insert(buffer_.end(), bytes.begin(), bytes.end());
    if (at_.value + buffer_.size() > max_.value)
      refuse(ErrorKind::limit, "what is in it is more than " + base::human_bytes(max_));
    if (buffer_.size() >= kBufferBytes)
      finish();
  }
  void finish() {
    file_.write_all(at_, buffer_);
    at_ += base::ByteCount(buffer_.size());
    buffer_.clear();
  }

 private:
  const base::File& file_;
  const base::ByteCount max_;
  base::ByteOffset at_;
  base::Bytes buffer_;
};

// Files become blocks here.
class BlockOutput {
 public:
  BlockOutput(const base::File& file, const PackageBounds& bounds) : out_(file, bounds) {}

  void add(base::ByteView bytes) {
    while (!bytes.empty()) {
      const base::ByteView some = bytes.first(std::min(bytes.size(), model::kBlockBytes - block_.size()));
      block_.insert(block_.end(), some.begin(), some.end());
      bytes = bytes.subspan(some.size());
      if (block_.size() == model::kBlockBytes)
        end_block();
    }
  }
  void end_file() {
    if (!block_.empty())
      end_block();
  }
  void finish() { out_.finish(); }

 private:
  void end_block() {
    const auto id = hasher_.id_of(block_);
    if (id && seen_.insert(*id).second) {
      block_.resize(model::kBlockBytes);
      out_.add(block_);
    }
    block_.clear();
  }

  Output out_;
  base::Bytes block_;
  model::BlockHasher hasher_;
  std::unordered_set<model::BlockId> seen_;
};

// The members of an archive, one after the other.
class Members {
 public:
  Members(archive* handle, Budget& budget) : handle_(handle), budget_(budget) {}

  bool next() {
    const int result = ::archive_read_next_header(handle_, &entry_);
    if (result == ARCHIVE_EOF)
      return false;
    if (result != ARCHIVE_OK && result != ARCHIVE_WARN)
      refuse(handle_);
    budget_.member();
    return true;
  }
  std::string_view path() const {
    const char* const path = ::archive_entry_pathname(entry_);
    return path == nullptr ? std::string_view() : std::string_view(path);
  }
  bool regular() const { return ::archive_entry_filetype(entry_) == AE_IFREG; }

  // The next piece of its content; empty at its end.
  base::ByteView piece() {
    const la_ssize_t got = ::archive_read_data(handle_, buffer_.data(), buffer_.size());
    if (got < 0)
      refuse(handle_);
    budget_.unpacked(static_cast<std::size_t>(got));
    return base::ByteView(buffer_).first(static_cast<std::size_t>(got));
  }

 private:
  archive* const handle_;
  Budget& budget_;
  archive_entry* entry_ = nullptr;
  base::Bytes buffer_ = base::Bytes(kPieceBytes);
};

void add_content(Members& members, BlockOutput& out) {
  for (base::ByteView piece = members.piece(); !piece.empty(); piece = members.piece())
    out.add(piece);
  out.end_file();
}

// An archive within a member of another.
struct Inner {
  Members& outer;
  std::optional<Error> failure = {};
};

la_ssize_t read_inner(archive*, void* context, const void** bytes) {
  Inner& inner = *static_cast<Inner*>(context);
  try {
    const base::ByteView piece = inner.outer.piece();
    *bytes = piece.data();
    return static_cast<la_ssize_t>(piece.size());
  } catch (const Error& failure) {
    inner.failure = failure;
    return -1;
  }
}

// What dpkg keeps in its database: every path, as it will be below the root.
void add_path(std::string_view path, std::string& paths) {
  while (path.starts_with("./"))
    path.remove_prefix(2);
  while (path.ends_with('/'))
    path.remove_suffix(1);
  paths += '/';
  paths += path.empty() ? "." : path;
  paths += '\n';
  if (paths.size() > kPathsBytesMax)
    refuse(ErrorKind::limit, "its paths are too long");
}

void read_tar(Members& outer, Budget& budget, BlockOutput& out, std::string* paths) {
  Inner inner{outer};
  const Archive handle = new_archive();
  ::archive_read_support_format_tar(handle.get());
  try {
    if (::archive_read_open(handle.get(), &inner, nullptr, read_inner, nullptr) != ARCHIVE_OK)
      refuse(handle.get());
    Members members(handle.get(), budget);
    while (members.next()) {
      if (paths != nullptr)
        add_path(members.path(), *paths);
      if (members.regular())
        add_content(members, out);
    }
  } catch (const Error&) {
    if (inner.failure)
      throw Error(*inner.failure);
    throw;
  }
}

bool is_tar(std::string_view name, std::string_view wanted) {
  return name.starts_with(wanted) && name.substr(wanted.size()).starts_with(".tar");
}

void read_deb(Members& members, Budget& budget, BlockOutput& out) {
  bool data = false;
  for (bool more = true; more; more = members.next()) {
    const std::string name(members.path());
    if (is_tar(name, "control")) {
      read_tar(members, budget, out, nullptr);
    } else if (is_tar(name, "data")) {
      data = true;
      std::string paths;
      read_tar(members, budget, out, &paths);
      out.add(base::as_bytes(paths));
      out.end_file();
    }
  }
  if (!data)
    refuse(ErrorKind::corrupt, "it is no package: it has no files");
}

}  // namespace

void write_package_blocks(const base::File& in, const base::File& out, const PackageBounds& bounds) {
  const Archive handle = new_archive();
  ::archive_read_support_filter_rpm(handle.get());
  ::archive_read_support_format_ar(handle.get());
  ::archive_read_support_format_cpio(handle.get());
  if (::archive_read_open_fd(handle.get(), in.fd(), kPieceBytes) != ARCHIVE_OK)
    refuse(handle.get());
  Budget budget(bounds);
  BlockOutput blocks(out, bounds);
  Members members(handle.get(), budget);
  if (!members.next())
    refuse(ErrorKind::corrupt, "it is empty");
  if ((::archive_format(handle.get()) & ARCHIVE_FORMAT_BASE_MASK) == ARCHIVE_FORMAT_AR) {
    read_deb(members, budget, blocks);
  } else {
    do {
      if (members.regular())
        add_content(members, blocks);
    } while (members.next());
  }
  blocks.finish();
}

void write_plain(const base::File& in, const base::File& out, const PackageBounds& bounds) {
  const Archive handle = new_archive();
  ::archive_read_support_format_raw(handle.get());
  ::archive_read_support_format_empty(handle.get());
  if (::archive_read_open_fd(handle.get(), in.fd(), kPieceBytes) != ARCHIVE_OK)
    refuse(handle.get());
  Budget budget(bounds);
  Output plain(out, bounds);
  Members members(handle.get(), budget);
  if (members.next())
    for (base::ByteView piece = members.piece(); !piece.empty(); piece = members.piece())
      plain.add(piece);
  plain.finish();
}

}  // namespace jaunt::codec
