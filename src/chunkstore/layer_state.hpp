// Whether what is known of a layer still is as its files are.
#pragma once

#include <filesystem>
#include <span>
#include <vector>

#include "chunkstore/layer_record.hpp"

namespace jaunt::chunkstore {

enum class LayerState {
  unchanged,  // since before it was read, and nobody can write to it
  in_use,     // to all appearances unchanged, but somebody may write to it, or nobody can tell
  written,    // the same files with other content
  gone,       // a file vanished, was replaced, or cannot be opened
};

LayerState state_of(const LayerRecord& record);
// A cheaper question: whether the files are those that were read and, but for a hint, have not been written to since.
bool still_there(const LayerRecord& record);

// A layer's files as they are before it is read.
struct FilesBefore {
  std::vector<SourceFile> files;
  bool memorable = true;  // what is read from now on may be remembered, if they stay unchanged()
};
FilesBefore look_at(std::span<const std::filesystem::path> paths);
// Of all the files: nothing was written to them, and nobody can do so now.
bool unchanged(std::span<const SourceFile> files);
// Whether somebody may write to one of the files now; also where nobody can tell.
bool may_be_written(std::span<const SourceFile> files);
// Of all the files: they are the same, and bear no sign of having been written to.
bool identical(std::span<const SourceFile> files);

}  // namespace jaunt::chunkstore
