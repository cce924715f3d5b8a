// The catalog's entries and images, and what no image needs any more.
#include <algorithm>
#include <set>
#include <tuple>

#include "chunkstore/catalog.hpp"
#include "chunkstore/layer_state.hpp"
#include "chunkstore/record_codec.hpp"
#include "chunkstore/tree_scratch.hpp"

namespace jaunt::chunkstore {

namespace {

namespace fs = std::filesystem;

// All readable records of a table.
template <typename Record>
std::vector<Record> all(const ReadTxn& txn, Table table, Record (*decode)(base::ByteView)) {
  std::vector<Record> records;
  txn.each(table, [&](base::ByteView, base::ByteView value) {
    if (auto record = readable(value, decode))
      records.push_back(std::move(*record));
    return true;
  });
  return records;
}

// Removes those of these layers that no image refers to; returns the names of their trees.
std::vector<std::string> drop_unused(WriteTxn& txn, const std::set<LayerKey>& keys) {
  std::set<LayerKey> unused = keys;
  for (const ImageRecord& image : all(txn, Table::images, decode_image_record))
    for (const LayerKey& key : image.layers)
      unused.erase(key);
  std::vector<std::string> trees;
  for (const LayerKey& key : unused) {
    const auto value = txn.get(Table::layers, key);
    if (const auto record = value ? readable(*value, decode_layer_record) : std::nullopt)
      trees.push_back(record->tree);
    txn.remove(Table::layers, key);
  }
  return trees;
}

// Removes these images, and the layers that only they referred to; returns the names of their trees.
template <typename Doomed>
std::vector<std::string> drop_images(WriteTxn& txn, const Doomed& doomed) {
  std::set<LayerKey> layers;
  for (const ImageRecord& image : all(txn, Table::images, decode_image_record)) {
    if (!doomed(image))
      continue;
    layers.insert(image.layers.begin(), image.layers.end());
    txn.remove(Table::images, key_of(image));
  }
  return drop_unused(txn, layers);
}

std::optional<EntryRecord> entry_of(const ReadTxn& txn, const EntryKey& key) {
  const auto value = txn.get(Table::entries, key);
  return value ? readable(*value, decode_entry_record) : std::nullopt;
}

void remove_trees(const fs::path& folder, const std::vector<std::string>& names) {
  std::error_code left;  // sweep() removes what stays
  for (const std::string& name : names)
    fs::remove(folder / name, left);
}

}  // namespace

bool Catalog::add_entry(const EntryRecord& entry) {
  bool added = false;
  database_->write([&](WriteTxn& txn) {
    const auto value = txn.get(Table::entries, key_of(entry));
    added = !value || !readable(*value, decode_entry_record);
    if (added)
      txn.put(Table::entries, key_of(entry), encode(entry));
  });
  return added;
}

void Catalog::finish_entry(const EntryRecord& entry) {
  database_->write([&](WriteTxn& txn) {
    auto known = entry_of(txn, key_of(entry));
    if (!known)
      return;
    known->rescanned_at = entry.rescanned_at;
    known->problems = entry.problems;
    txn.put(Table::entries, key_of(entry), encode(*known));
  });
}

void Catalog::exclude(const EntryKey& entry, const std::vector<std::string>& paths) {
  std::vector<std::string> trees;
  database_->write([&](WriteTxn& txn) {
    auto known = entry_of(txn, entry);
    if (!known)
      return;
    for (const std::string& path : paths)
      if (std::ranges::find(known->excluded, path) == known->excluded.end())
        known->excluded.push_back(path);
    txn.put(Table::entries, entry, encode(*known));
    trees = drop_images(txn, [&](const ImageRecord& image) {
      return image.entry == entry && std::ranges::find(paths, image.path) != paths.end();
    });
  });
  remove_trees(trees_, trees);
}

bool Catalog::remove_entry(const EntryKey& key) {
  bool known = false;
  std::vector<std::string> trees;
  database_->write([&](WriteTxn& txn) {
    known = txn.remove(Table::entries, key);
    trees = drop_images(txn, [&](const ImageRecord& image) { return image.entry == key; });
  });
  remove_trees(trees_, trees);
  return known;
}

std::vector<EntryRecord> Catalog::entries() const {
  std::vector<EntryRecord> result;
  database_->read([&](const ReadTxn& txn) { result = all(txn, Table::entries, decode_entry_record); });
  std::ranges::sort(result, {},
                    [](const EntryRecord& entry) { return std::tie(entry.realm, entry.kind, entry.location); });
  return result;
}

std::vector<ImageRecord> Catalog::images() const {
  std::vector<ImageRecord> result;
  database_->read([&](const ReadTxn& txn) { result = all(txn, Table::images, decode_image_record); });
  std::ranges::sort(result, {}, [](const ImageRecord& image) {
    return std::tie(image.realm, image.domain, image.target, image.snapshot, image.path);
  });
  return result;
}

void Catalog::put_image(const ImageRecord& image) {
  const base::Bytes bytes = encode(image);
  database_->write([&](WriteTxn& txn) {
    const auto entry = entry_of(txn, image.entry);
    if (!entry || std::ranges::find(entry->excluded, image.path) != entry->excluded.end())
      return;
    const auto known = txn.get(Table::images, key_of(image));
    if (!known || !std::ranges::equal(*known, bytes))
      txn.put(Table::images, key_of(image), bytes);
  });
}

void Catalog::retain_images(const EntryKey& entry, std::span<const ImageKey> keys) {
  const std::set<ImageKey> retained(keys.begin(), keys.end());
  std::vector<std::string> trees;
  database_->write([&](WriteTxn& txn) {
    trees = drop_images(
        txn, [&](const ImageRecord& image) { return image.entry == entry && !retained.contains(key_of(image)); });
  });
  remove_trees(trees_, trees);
}

Catalog::Holdings Catalog::holdings(std::string_view realm) const {
  Holdings result;
  database_->read([&](const ReadTxn& txn) {
    result = {};
    std::set<EntryKey> package_entries;
    for (const EntryRecord& entry : all(txn, Table::entries, decode_entry_record))
      if (entry.kind == EntryKind::packages)
        package_entries.insert(key_of(entry));
    std::set<LayerKey> wanted;
    for (ImageRecord& image : all(txn, Table::images, decode_image_record)) {
      if (image.realm != realm)
        continue;
      wanted.insert(image.layers.begin(), image.layers.end());
      if (package_entries.contains(image.entry))
        result.packages.insert(image.layers.begin(), image.layers.end());
      else
        result.images.push_back(std::move(image));
    }
    for (const LayerKey& key : wanted) {
      const auto value = txn.get(Table::layers, key);
      if (auto record = value ? readable(*value, decode_layer_record) : std::nullopt)
        result.layers.push_back(std::move(*record));
    }
  });
  return result;
}

bool Catalog::forget_layer(const LayerKey& key) {
  std::vector<std::string> trees;
  bool known = false;
  database_->write([&](WriteTxn& txn) {
    const auto value = txn.get(Table::layers, key);
    known = value.has_value();
    if (const auto record = known ? readable(*value, decode_layer_record) : std::nullopt)
      trees = {record->tree};
    txn.remove(Table::layers, key);
  });
  remove_trees(trees_, trees);
  return known;
}

void Catalog::sweep() {
  Scratch::sweep(trees_);
  std::set<LayerKey> changed;
  for (const LayerRecord& record : layers())
    if (const LayerState state = state_of(record); state == LayerState::gone || state == LayerState::written)
      changed.insert(key_of(record));
  std::vector<fs::path> present;
  for (const auto& file : fs::directory_iterator(trees_))
    if (file.path().filename() != "scratch")
      present.push_back(file.path());
  database_->write([&](WriteTxn& txn) {
    drop_unused(txn, changed);
    std::set<std::string> named;
    std::vector<base::Bytes> broken;
    txn.each(Table::layers, [&](base::ByteView key, base::ByteView value) {
      if (const auto record = readable(value, decode_layer_record))
        named.insert(record->tree);
      else
        broken.emplace_back(key.begin(), key.end());
      return true;
    });
    for (const base::Bytes& key : broken)
      txn.remove(Table::layers, key);
    // Nobody adds a tree now: that takes the writer's place, too.
    for (const fs::path& path : present)
      if (!named.contains(path.filename().string()))
        fs::remove_all(path);
  });
}

}  // namespace jaunt::chunkstore
