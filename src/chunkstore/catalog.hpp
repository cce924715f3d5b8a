// What this node knows of the layers on its disks: their trees, so that an unchanged layer is not read again, and
// small notes that others derived from them.
#pragma once

#include <filesystem>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/progress.hpp"
#include "chunkstore/database.hpp"
#include "chunkstore/layer_record.hpp"
#include "disk/scan.hpp"
#include "model/tree_file.hpp"

namespace jaunt::chunkstore {

// The tree of a layer, fresh or from the catalog.
struct LayerTree {
  model::TreeFile tree;
  model::TreeSummary summary;  // its carried_root and needed_blocks are for the elided extents that were asked for
  base::ByteCount bytes_read;  // of the layer; zero when the catalog had it
  bool from_catalog = false;
  // A file changed while it was read: the tree may be of no state that ever was.
  bool changed_meanwhile = false;
  // Whether the next call will find it: no for block devices, files that someone may write, and changed ones.
  bool remembered = false;
};

// Lives in HOME/catalog and HOME/trees. Any number of processes may have it open; any thread may use it.
class Catalog {
 public:
  static constexpr std::size_t kNoteBytesMax = 16 * base::kMiB;
  static constexpr std::size_t kNotesMax = 1024;

  explicit Catalog(const std::filesystem::path& home);

  // The tree of an image, scanned only where it has to be. `files` are all the files that the image's bytes lie in,
  // the one that names it first. Of the options, tree_path is the catalog's affair.
  LayerTree tree_of(const disk::Image& image, std::span<const std::filesystem::path> files,
                    const disk::ScanOptions& options, base::Progress& progress, const base::CancelToken& cancel = {});

  // The tree that is kept for these very files in this realm, if none of them changed since it was made.
  std::optional<model::TreeFile> find_unchanged(std::span<const std::filesystem::path> files,
                                                const base::Hash32& realm) const;

  std::vector<LayerRecord> layers() const;
  bool forget(const std::filesystem::path& file, const base::Hash32& realm);  // false when it was not known

  // A few bytes kept by a key of the caller's making, such as a description by its layers' identities. When there
  // are too many, the oldest go; who asks must be able to do without.
  void put_note(std::string_view key, std::string_view note);
  std::optional<std::string> note(std::string_view key) const;

 private:
  std::filesystem::path tree_path(const base::Hash32& key) const;
  void remember(const LayerRecord& record, const std::filesystem::path& tree);

  std::filesystem::path trees_;
  std::shared_ptr<Database> database_;
};

}  // namespace jaunt::chunkstore
