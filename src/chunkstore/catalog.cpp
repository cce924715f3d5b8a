#include "chunkstore/catalog.hpp"

#include <algorithm>
#include <ctime>
#include <limits>
#include <utility>

#include <fcntl.h>

#include "base/error.hpp"
#include "disk/identity.hpp"

namespace jaunt::chunkstore {

namespace {

namespace fs = std::filesystem;
using base::Error;
using base::ErrorKind;

constexpr base::ByteCount kMapBytes(64 * base::kMiB);

base::File open_source(const fs::path& path) {
  return base::File::open(path, O_RDONLY | O_NONBLOCK);
}

// Not its relative name, which means something else in another folder.
fs::path true_name(const fs::path& path) {
  std::error_code failed;
  const fs::path result = fs::canonical(path, failed);
  if (failed)
    base::throw_errno(failed.value(), "find", path.string());
  return result;
}

base::Hash32 layer_key(const fs::path& canonical_path, const base::Hash32& realm) {
  return base::Sha256().update(realm).update(base::as_bytes(canonical_path.native())).finish();
}

// All of the image's files before it is read.
struct Before {
  std::vector<SourceFile> files;
  bool memorable = true;
};

Before look_at(std::span<const fs::path> paths) {
  Before before;
  for (const fs::path& path : paths) {
    const base::File file = open_source(path);
    const auto memorable = disk::memorable_identity(file);
    before.memorable = before.memorable && memorable;
    before.files.push_back({true_name(path), memorable ? *memorable : disk::identify(file)});
  }
  return before;
}

bool unchanged(const SourceFile& known) {
  try {
    return disk::unchanged_since(known.identity, open_source(known.path));
  } catch (const Error&) {  // gone or not to be opened: changed indeed
    return false;
  }
}

bool identical(const SourceFile& known) {
  return disk::identify(open_source(known.path)) == known.identity;
}

}  // namespace

Catalog::Catalog(const fs::path& home) : trees_(home / "trees") {
  fs::create_directories(trees_);
  database_ = Database::open(home / "catalog", kMapBytes);
}

LayerTree Catalog::tree_of(const disk::Image& image, std::span<const fs::path> files,
                           const disk::ScanOptions& options, base::Progress& progress,
                           const base::CancelToken& cancel) {
  base::invariant(!files.empty(), "an image lies in a file");
  const base::Hash32 realm = model::realm_fingerprint(options.key);
  if (auto known = find_unchanged(files, realm)) {
    const model::TreeSummary summary = known->view().summary_with(options.elided);
    return {
        .tree = std::move(*known), .summary = summary, .bytes_read = {}, .from_catalog = true, .remembered = true};
  }
  const Before before = look_at(files);
  const base::TemporaryDirectory scratch(trees_);
  disk::ScanOptions scan_options = options;
  scan_options.tree_path = scratch.path() / "tree";
  const disk::ScanResult scanned = disk::scan(image, scan_options, progress, cancel);
  LayerTree result{
      .tree = model::TreeFile(scan_options.tree_path), .summary = scanned.tree, .bytes_read = scanned.bytes_read};
  result.changed_meanwhile = !std::ranges::all_of(before.files, identical);
  result.remembered = before.memorable && std::ranges::all_of(before.files, unchanged);
  if (result.remembered)
    remember({before.files, realm, scanned.tree.root, std::time(nullptr)}, scan_options.tree_path);
  return result;  // which has the tree mapped, wherever its file goes
}

std::optional<model::TreeFile> Catalog::find_unchanged(std::span<const fs::path> files,
                                                       const base::Hash32& realm) const {
  std::vector<fs::path> paths;
  std::ranges::transform(files, std::back_inserter(paths), true_name);
  const base::Hash32 key = layer_key(paths.front(), realm);
  std::optional<LayerRecord> record;
  try {
    database_->read([&](const ReadTxn& txn) {
      if (const auto found = txn.get(Table::layers, key))
        record = decode_layer_record(*found);
    });
    if (!record || !std::ranges::equal(record->files, paths, {}, &SourceFile::path) ||
        !std::ranges::all_of(record->files, unchanged))
      return std::nullopt;
    model::TreeFile tree(tree_path(key));
    // Two processes may have scanned different states; the file is of the last one, the record perhaps not.
    return tree->root() == record->root ? std::optional(std::move(tree)) : std::nullopt;
  } catch (const Error& error) {
    using enum ErrorKind;  // as good as not known
    if (error.kind() == corrupt || error.kind() == unsupported || error.kind() == not_found)
      return std::nullopt;
    throw;
  }
}

std::vector<LayerRecord> Catalog::layers() const {
  std::vector<LayerRecord> records;
  database_->read([&](const ReadTxn& txn) {
    records.clear();
    txn.each(Table::layers, [&](base::ByteView, base::ByteView value) {
      records.push_back(decode_layer_record(value));
      return true;
    });
  });
  return records;
}

bool Catalog::forget(const fs::path& file, const base::Hash32& realm) {
  const base::Hash32 key = layer_key(fs::weakly_canonical(file), realm);
  bool known = false;
  database_->write([&](WriteTxn& txn) { known = txn.remove(Table::layers, key); });
  fs::remove(tree_path(key));
  return known;
}

void Catalog::put_note(std::string_view key, std::string_view note) {
  if (note.size() > kNoteBytesMax)
    throw Error(ErrorKind::limit, "keep a note under", std::string(key), "it is longer than 16 MiB");
  const base::Hash32 hash = base::sha256(base::as_bytes(key));
  database_->write([&](WriteTxn& txn) {
    std::uint64_t newest = 0;
    std::uint64_t oldest = std::numeric_limits<std::uint64_t>::max();
    base::Bytes oldest_key;
    txn.each(Table::notes, [&](base::ByteView other, base::ByteView value) {
      const auto number = base::load_le<std::uint64_t>(value);
      newest = std::max(newest, number);
      if (number < oldest) {
        oldest = number;
        oldest_key.assign(other.begin(), other.end());
      }
      return true;
    });
    if (txn.count(Table::notes) >= kNotesMax && !txn.get(Table::notes, hash))
      txn.remove(Table::notes, oldest_key);
    base::Bytes value;
    base::append_le(value, newest + 1);
    const base::ByteView text = base::as_bytes(note);
    value.insert(value.end(), text.begin(), text.end());
    txn.put(Table::notes, hash, value);
  });
}

std::optional<std::string> Catalog::note(std::string_view key) const {
  std::optional<std::string> result;
  database_->read([&](const ReadTxn& txn) {
    const auto value = txn.get(Table::notes, base::sha256(base::as_bytes(key)));
    if (!value)
      return;
    const base::ByteView text = value->subspan(sizeof(std::uint64_t));
    result.emplace(reinterpret_cast<const char*>(text.data()), text.size());
  });
  return result;
}

fs::path Catalog::tree_path(const base::Hash32& key) const {
  return trees_ / (base::to_hex(key) + ".tree");
}

void Catalog::remember(const LayerRecord& record, const fs::path& tree) {
  const base::Hash32 key = layer_key(record.files.front().path, record.realm);
  fs::rename(tree, tree_path(key));
  base::sync_directory(trees_);
  database_->write([&](WriteTxn& txn) { txn.put(Table::layers, key, encode(record)); });
}

}  // namespace jaunt::chunkstore
