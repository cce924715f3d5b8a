#include "chunkstore/layer_state.hpp"

#include <algorithm>
#include <optional>

#include <fcntl.h>

#include "base/error.hpp"
#include "base/file.hpp"
#include "disk/identity.hpp"

namespace jaunt::chunkstore {

namespace {

namespace fs = std::filesystem;

base::File open_source(const fs::path& path) {
  return base::File::open(path, O_RDONLY | O_NONBLOCK);
}

bool same_file(const model::FileIdentity& a, const model::FileIdentity& b) {
  return a.device == b.device && a.inode == b.inode;
}

// Not its relative name, which means something else in another folder.
fs::path true_name(const fs::path& path) {
  std::error_code failed;
  fs::path result = fs::canonical(path, failed);
  if (failed)
    base::throw_errno(failed.value(), "find", path.string());
  return result;
}

// Whether a question about every file is answered with yes; a file that cannot be opened answers no.
template <typename Question>
bool all_of(std::span<const SourceFile> files, const Question& question) {
  try {
    return std::ranges::all_of(files, [&](const SourceFile& file) { return question(file, open_source(file.path)); });
  } catch (const base::Error&) {
    return false;
  }
}

bool same_files(std::span<const SourceFile> files) {
  return all_of(files, [](const SourceFile& known, const base::File& file) {
    return same_file(disk::identify(file), known.identity);
  });
}

}  // namespace

LayerState state_of(const LayerRecord& record) {
  if (!same_files(record.files))
    return LayerState::gone;
  if (!identical(record.files))
    return LayerState::written;
  return !record.hint && unchanged(record.files) ? LayerState::unchanged : LayerState::in_use;
}

bool still_there(const LayerRecord& record) {
  return record.hint ? same_files(record.files) : identical(record.files);
}

FilesBefore look_at(std::span<const fs::path> paths) {
  FilesBefore before;
  for (const fs::path& path : paths) {
    const base::File file = open_source(path);
    const auto memorable = disk::memorable_identity(file);
    before.memorable = before.memorable && memorable;
    before.files.push_back({true_name(path), memorable ? *memorable : disk::identify(file)});
  }
  return before;
}

bool unchanged(std::span<const SourceFile> files) {
  return all_of(files, [](const SourceFile& known, const base::File& file) {
    return disk::unchanged_since(known.identity, file);
  });
}

bool may_be_written(std::span<const SourceFile> files) {
  return !all_of(files, [](const SourceFile&, const base::File& file) { return !disk::may_be_written(file); });
}

bool identical(std::span<const SourceFile> files) {
  return all_of(
      files, [](const SourceFile& known, const base::File& file) { return disk::identify(file) == known.identity; });
}

}  // namespace jaunt::chunkstore
