#include "chunkstore/catalog.hpp"

#include <algorithm>
#include <array>
#include <ctime>
#include <random>
#include <utility>

#include "base/error.hpp"
#include "base/named_point.hpp"
#include "chunkstore/layer_state.hpp"
#include "chunkstore/record_codec.hpp"
#include "chunkstore/tree_scratch.hpp"
#include "disk/held_extents.hpp"
#include "disk/open.hpp"
#include "model/tree_compose.hpp"

namespace jaunt::chunkstore {

namespace {

namespace fs = std::filesystem;
using base::Error;

constexpr base::ByteCount kMapBytes(64 * base::kMiB);

std::vector<fs::path> files_of(const disk::Chain& chain, std::size_t index) {
  std::vector<fs::path> files{chain.layers.at(index).path};
  const disk::LayerParts& parts = chain.parts.at(index);
  for (const disk::VettedFile& extent : parts.extents)
    files.push_back(extent.path);
  if (parts.data_file)
    files.push_back(parts.data_file->path);
  return files;
}

// Unique, so that a tree never takes the place of one that somebody is about to open.
std::string new_tree_name() {
  std::random_device random;
  base::Bytes bytes;
  for (int i = 0; i < 4; ++i)
    base::append_le(bytes, std::uint32_t{random()});
  return base::to_hex(bytes) + ".tree";
}

LayerRecord record_of(const disk::Chain& chain, std::size_t index, std::vector<SourceFile> files,
                      const model::TreeView& tree, std::string_view realm) {
  LayerRecord record;
  record.realm = realm;
  record.realm_key = tree.realm();
  record.format = chain.layers[index].format;
  record.virtual_size = tree.size();
  record.files = std::move(files);
  record.block_device = chain.parts[index].block_device;
  record.data_file = chain.parts[index].data_file.has_value();
  record.backing = chain.parts[index].backing;
  record.bitmaps = chain.parts[index].bitmaps;
  record.tree = new_tree_name();
  record.root = tree.root();
  record.ids = tree.ids().size();
  record.nonzero_blocks = tree.summary().nonzero_blocks;
  record.scanned_at = std::time(nullptr);
  return record;
}

// The few blocks of an image that no layer holds in whole; the image is opened for the first of them.
class ImageBlocks {
 public:
  ImageBlocks(const disk::Chain& chain, const std::optional<model::RealmKey>& key) : chain_(chain), hasher_(key) {}

  std::optional<model::BlockId> id_of(model::BlockIndex block) {
    if (!image_) {
      image_ = disk::open_image(chain_);
      reader_ = image_->reader();
    }
    const std::uint64_t left = image_->size().value - block.offset().value;
    const auto bytes = std::span(buffer_).first(std::min<std::uint64_t>(left, buffer_.size()));
    reader_->read(block.offset(), bytes);
    return hasher_.id_of(bytes);
  }

 private:
  const disk::Chain& chain_;
  model::BlockHasher hasher_;
  std::unique_ptr<disk::Image> image_;
  std::unique_ptr<disk::Reader> reader_;
  std::array<std::byte, model::kBlockBytes> buffer_{};
};

LayerFile compose_to(const fs::path& path, const disk::Chain& chain, std::span<const LayerFile* const> trees,
                     const std::optional<model::RealmKey>& key) {
  std::vector<model::StackedLayer> layers;
  for (const LayerFile* tree : trees)
    layers.push_back({.tree = &tree->view(), .held = tree->held()});
  ImageBlocks blocks(chain, key);
  model::compose_tree(path, layers, key, {}, [&](model::BlockIndex block) { return blocks.id_of(block); });
  return LayerFile(path);
}

// What reading one layer gave, still in the scan's own folder.
struct Scanned {
  LayerTree result;
  LayerRecord record;
  fs::path path;
};

// write() makes the tree of the layer's files as they are from now on.
template <typename Write>
Scanned with_tree(const disk::Chain& chain, std::size_t index, const fs::path& folder, std::string_view realm,
                  const Write& write) {
  FilesBefore before = look_at(files_of(chain, index));
  const fs::path path = folder / ("layer" + std::to_string(index));
  const disk::ScanResult scanned = write(path);
  LayerTree result{.tree = LayerFile(path), .summary = scanned.tree, .bytes_read = scanned.bytes_read};
  result.changed_meanwhile = !identical(before.files);
  result.remembered = before.memorable && unchanged(before.files);
  LayerRecord record = record_of(chain, index, std::move(before.files), result.tree.view(), realm);
  record.hint = !result.remembered;
  return {.result = std::move(result), .record = std::move(record), .path = path};
}

Scanned read_layer(const disk::Chain& chain, std::size_t index, const disk::ScanOptions& options,
                   const fs::path& folder, std::string_view realm, base::Progress& progress,
                   const base::CancelToken& cancel) {
  return with_tree(chain, index, folder, realm, [&](const fs::path& path) {
    const auto image = disk::open_layer(chain, index);
    const auto scanned =
        disk::scan(*image, {.tree_path = path, .threads = options.threads, .key = options.key}, progress, cancel);
    if (index + 1 < chain.layers.size())
      append_held(path, disk::held_extents(*image, cancel));
    return scanned;
  });
}

}  // namespace

Catalog::Catalog(const fs::path& home) : trees_(home / "trees") {
  fs::create_directories(trees_);
  database_ =
      Database::open(home / "catalog", kMapBytes, {Table::layers, Table::notes, Table::entries, Table::images});
}

LayerTree Catalog::tree_of(const disk::Chain& chain, const disk::ScanOptions& options, base::Progress& progress,
                           const base::CancelToken& cancel, std::string_view realm) {
  std::optional<Scratch> scratch;
  const auto folder = [&] {
    if (!scratch)
      scratch.emplace(trees_);
    return scratch->path();
  };
  std::vector<LayerTree> layers;
  for (std::size_t i = 0; i < chain.layers.size(); ++i) {
    if (auto known = find_unchanged(chain, i, model::realm_fingerprint(options.key), realm)) {
      const model::TreeSummary summary = known->view().summary();
      layers.push_back({.tree = std::move(*known),
                        .summary = summary,
                        .bytes_read = {},
                        .from_catalog = true,
                        .changed_meanwhile = false,
                        .remembered = true});
      continue;
    }
    Scanned scanned = read_layer(chain, i, options, folder(), realm, progress, cancel);
    if (scanned.result.remembered)
      remember(scanned.record, scanned.path);
    layers.push_back(std::move(scanned.result));
  }
  if (layers.size() == 1) {
    layers.front().summary = layers.front().tree->summary_with(options.elided);
    return std::move(layers.front());
  }
  std::vector<const LayerFile*> trees;
  trees.reserve(layers.size());
  for (const LayerTree& layer : layers)
    trees.push_back(&layer.tree);
  LayerTree result{
      .tree = compose_to(folder() / "image", chain, trees, options.key), .summary = {}, .bytes_read = {}};
  result.summary = result.tree->summary_with(options.elided);
  for (const LayerTree& layer : layers)
    result.bytes_read += layer.bytes_read;
  result.from_catalog = std::ranges::all_of(layers, &LayerTree::from_catalog);
  result.changed_meanwhile = std::ranges::any_of(layers, &LayerTree::changed_meanwhile);
  result.remembered = std::ranges::all_of(layers, &LayerTree::remembered);
  return result;  // which has the tree mapped, though its file goes
}

LayerTree Catalog::scan_layer(const disk::Chain& chain, std::size_t index, const disk::ScanOptions& options,
                              base::Progress& progress, const base::CancelToken& cancel, std::string_view realm) {
  const Scratch scratch(trees_);
  Scanned scanned = read_layer(chain, index, options, scratch.path(), realm, progress, cancel);
  remember(scanned.record, scanned.path);
  return std::move(scanned.result);
}

void Catalog::keep_layer(const disk::Chain& chain, const WriteTree& write, std::string_view realm) {
  base::invariant(chain.layers.size() == 1, "only an image of one layer has the layer's tree");
  const Scratch scratch(trees_);
  const Scanned kept = with_tree(chain, 0, scratch.path(), realm, [&](const fs::path& path) {
    return disk::ScanResult{.tree = write(path), .bytes_read = {}};
  });
  remember(kept.record, kept.path);
}

std::vector<LayerRecord> Catalog::layers() const {
  std::vector<LayerRecord> records;
  database_->read([&](const ReadTxn& txn) {
    records.clear();
    txn.each(Table::layers, [&](base::ByteView, base::ByteView value) {
      if (auto record = readable(value, decode_layer_record))
        records.push_back(std::move(*record));
      return true;
    });
  });
  return records;
}

std::optional<LayerRecord> Catalog::find_layer(const LayerKey& key) const {
  std::optional<LayerRecord> record;
  database_->read([&](const ReadTxn& txn) {
    if (const auto value = txn.get(Table::layers, key))
      record = readable(*value, decode_layer_record);
  });
  return record;
}

void Catalog::mark_as_hint(const LayerKey& key) {
  database_->write([&](WriteTxn& txn) {
    const auto value = txn.get(Table::layers, key);
    auto record = value ? readable(*value, decode_layer_record) : std::nullopt;
    if (!record || record->hint)
      return;
    record->hint = true;
    txn.put(Table::layers, key, encode(*record));
  });
}

disk::RecallHeader Catalog::recall_headers(std::string_view realm) const {
  return [this, realm = std::string(realm)](const disk::VettedFile& file,
                                            const std::string& format) -> std::optional<disk::LayerHeader> {
    const auto record = find_layer(layer_key(realm, file.path, format));
    if (!record || record->hint || record->files.size() > 1 || record->files.front().identity != file.identity ||
        !unchanged(record->files))
      return std::nullopt;
    return disk::LayerHeader{
        .virtual_size = record->virtual_size, .backing = record->backing, .bitmaps = record->bitmaps};
  };
}

LayerFile Catalog::compose(const std::vector<LayerRecord>& layers, std::span<const LayerFile* const> trees,
                           const std::optional<model::RealmKey>& key) const {
  const Scratch scratch(trees_);
  return compose_to(scratch.path() / "image", chain_of(layers), trees, key);
}

std::optional<LayerFile> Catalog::find_unchanged(const disk::Chain& chain, std::size_t index,
                                                 const base::Hash32& realm_key, std::string_view realm) const {
  const model::Layer& layer = chain.layers[index];
  const auto record = find_layer(layer_key(realm, layer.path, layer.format));
  if (!record || record->hint || record->realm_key != realm_key ||
      !std::ranges::equal(record->files, files_of(chain, index), {}, &SourceFile::path) || !unchanged(record->files))
    return std::nullopt;
  try {
    LayerFile tree(tree_path(*record));
    return tree->root() == record->root ? std::optional(std::move(tree)) : std::nullopt;
  } catch (const Error& error) {
    using enum base::ErrorKind;  // as good as not known
    if (error.kind() == corrupt || error.kind() == unsupported || error.kind() == not_found)
      return std::nullopt;
    throw;
  }
}

void Catalog::remember(const LayerRecord& record, const fs::path& tree) {
  std::string replaced;
  database_->write([&](WriteTxn& txn) {
    const auto value = txn.get(Table::layers, key_of(record));
    const auto before = value ? readable(*value, decode_layer_record) : std::nullopt;
    replaced = before ? before->tree : "";
    txn.put(Table::layers, key_of(record), encode(record));
    base::named_point("catalog.scanned");
    // Within the transaction, for sweep() removes what no record names; it may run twice.
    if (!fs::exists(tree_path(record)))
      fs::rename(tree, tree_path(record));
    base::sync_directory(trees_);
    base::named_point("catalog.renamed");
  });
  base::named_point("catalog.remembered");
  std::error_code left;  // sweep() removes what stays
  if (!replaced.empty())
    fs::remove(trees_ / replaced, left);
}

}  // namespace jaunt::chunkstore
