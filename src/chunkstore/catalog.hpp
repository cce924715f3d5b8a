// What this node knows of the images on its disks: which there are, what layers they are made of, and the layers'
// trees, so that an unchanged layer is not read again, however many images share it. And small notes that others
// derived from them.
#pragma once

#include <filesystem>
#include <functional>
#include <memory>
#include <optional>
#include <set>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/progress.hpp"
#include "chunkstore/database.hpp"
#include "chunkstore/image_record.hpp"
#include "chunkstore/layer_file.hpp"
#include "chunkstore/layer_record.hpp"
#include "disk/chain.hpp"
#include "disk/scan.hpp"

namespace jaunt::chunkstore {

// The tree of an image or of one layer, fresh or from the catalog.
struct LayerTree {
  LayerFile tree;
  model::TreeSummary summary;  // its carried_root and needed_blocks are for the elided extents that were asked for
  base::ByteCount bytes_read;  // zero when the catalog had everything
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

  // The tree of an image, put together from those of its layers; a layer is read only when it is not known or has
  // changed. Of the options, threads, key and elided count.
  LayerTree tree_of(const disk::Chain& chain, const disk::ScanOptions& options, base::Progress& progress,
                    const base::CancelToken& cancel = {}, std::string_view realm = kDefaultRealm);

  // Reads one layer, whatever is known of it, and keeps its tree; as a hint where it may be written to meanwhile.
  LayerTree scan_layer(const disk::Chain& chain, std::size_t index, const disk::ScanOptions& options,
                       base::Progress& progress, const base::CancelToken& cancel = {},
                       std::string_view realm = kDefaultRealm);

  // Keeps the tree of an image of one layer that the caller knows how to write, and which belongs to the file as it
  // is now.
  using WriteTree = std::function<model::TreeSummary(const std::filesystem::path&)>;
  void keep_layer(const disk::Chain& chain, const WriteTree& write, std::string_view realm = kDefaultRealm);

  std::vector<LayerRecord> layers() const;
  std::optional<LayerRecord> find_layer(const LayerKey& key) const;
  void mark_as_hint(const LayerKey& key);
  bool forget_layer(const LayerKey& key);  // false when it was not known
  // For resolve_chain: the headers of layers that are kept and unchanged.
  disk::RecallHeader recall_headers(std::string_view realm = kDefaultRealm) const;
  std::filesystem::path tree_path(const LayerRecord& record) const { return trees_ / record.tree; }

  // The tree of an image of these layers, top first, which are all of one realm; nothing is read but the few blocks
  // of which no layer holds the whole.
  LayerFile compose(const std::vector<LayerRecord>& layers, std::span<const LayerFile* const> trees,
                    const std::optional<model::RealmKey>& key = {}) const;

  bool add_entry(const EntryRecord& entry);  // false when there is one of the same place in its realm
  // Takes over the time and the problems of a rescan; nothing happens when the entry has been removed meanwhile.
  void finish_entry(const EntryRecord& entry);
  // Drops those images of an entry whose paths these are, and never takes them again.
  void exclude(const EntryKey& entry, const std::vector<std::string>& paths);
  // With its images, and the layers that nothing else refers to; false when it was not known.
  bool remove_entry(const EntryKey& key);
  std::vector<EntryRecord> entries() const;  // by realm, kind and location

  std::vector<ImageRecord> images() const;   // by realm and name
  void put_image(const ImageRecord& image);  // does nothing when its entry was removed or excludes it
  // Drops those images of an entry that are not among these.
  void retain_images(const EntryKey& entry, std::span<const ImageKey> keys);

  // Everything that one look at the database finds of a realm.
  struct Holdings {
    std::vector<ImageRecord> images;
    std::vector<LayerRecord> layers;  // those that the images refer to, and packages
    std::set<LayerKey> packages;      // those of packages, which are no images
  };
  Holdings holdings(std::string_view realm) const;

  // Removes what killed processes left, layers that no image refers to and whose files are not the same any more,
  // and trees that nothing refers to.
  void sweep();

  // A few bytes kept by a key of the caller's making, such as a description by its layers' identities. When there
  // are too many, the oldest go; who asks must be able to do without.
  void put_note(std::string_view key, std::string_view note);
  std::optional<std::string> note(std::string_view key) const;

 private:
  std::optional<LayerFile> find_unchanged(const disk::Chain& chain, std::size_t index, const base::Hash32& realm_key,
                                          std::string_view realm) const;
  void remember(const LayerRecord& record, const std::filesystem::path& tree);

  std::filesystem::path trees_;
  std::shared_ptr<Database> database_;
};

}  // namespace jaunt::chunkstore
