// A layer's tree file as the catalog keeps it: followed by what the layer holds, where that is not everything.
#pragma once

#include <filesystem>
#include <string>

#include "base/file.hpp"
#include "model/extent.hpp"
#include "model/tree_file.hpp"

namespace jaunt::chunkstore {

// Open for as long as this lives, even when the file is removed or replaced meanwhile. Errors as of TreeView.
class LayerFile {
 public:
  explicit LayerFile(const std::filesystem::path& path);

  const model::TreeView& view() const { return view_; }
  const model::TreeView* operator->() const { return &view_; }

  // What no deeper layer answers.
  model::ExtentSet held() const;

 private:
  base::MappedFile file_;
  model::TreeView view_;
  std::filesystem::path path_;  // for messages
};

// What follows the tree. Throws corrupt, unsupported or limit; `name` is for messages.
base::Bytes encode_held(const model::ExtentSet& held);
model::ExtentSet decode_held(base::ByteView section, base::ByteCount layer_size, const std::string& name);

// Adds to a tree file what its layer holds; durable when it returns.
void append_held(const std::filesystem::path& tree, const model::ExtentSet& held);

}  // namespace jaunt::chunkstore
