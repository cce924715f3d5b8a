// Hashes an image into a tree file on all cores, in memory that does not grow with the image.
#pragma once

#include <filesystem>
#include <optional>

#include "base/error.hpp"
#include "base/progress.hpp"
#include "disk/image.hpp"
#include "model/extent.hpp"
#include "model/tree_file.hpp"

namespace jaunt::disk {

struct ScanOptions {
  std::filesystem::path tree_path = {};     // what is written; it appears when it is whole
  unsigned threads = 0;                     // 0: one for every core
  std::optional<model::RealmKey> key = {};  // of a keyed realm
  model::ExtentSet elided = {};             // for carried_root; their blocks are read and hashed all the same
  // Where an earlier tree of the same image is known, and what may have changed since, only that is read. The tree
  // must be of the same realm and outlive the scan.
  const model::TreeView* previous = nullptr;
  model::ExtentSet dirty = {};
};

struct ScanResult {
  model::TreeSummary tree;
  base::ByteCount bytes_read;
};

// Progress counts bytes of the image, zero and unchanged ones included. Cancellation, like any error, leaves no file.
// Whether the image changed while it was read is for the caller to find out (chunkstore::Catalog does).
ScanResult scan(const Image& image, const ScanOptions& options, base::Progress& progress,
                const base::CancelToken& cancel = {});

}  // namespace jaunt::disk
