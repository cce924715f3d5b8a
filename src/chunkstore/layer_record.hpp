// What the catalog keeps about a scanned layer, and its bytes in the database.
#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/bytes.hpp"
#include "base/hash.hpp"
#include "disk/chain.hpp"
#include "model/description.hpp"

namespace jaunt::chunkstore {

inline constexpr std::string_view kDefaultRealm = "default";

// A file that was read, and what it was then.
struct SourceFile {
  std::filesystem::path path;  // its real one
  model::FileIdentity identity;

  bool operator==(const SourceFile&) const = default;
};

// One file of a backing chain, whose tree is kept. All that it takes to open it again is here.
struct LayerRecord {
  std::string realm;
  base::Hash32 realm_key{};  // as model::realm_fingerprint() makes it
  std::string format;
  base::ByteCount virtual_size;
  std::vector<SourceFile> files;  // the layer's own, then its extents and its data file
  bool block_device = false;
  bool data_file = false;  // the last of the files is one
  std::optional<disk::BackingName> backing;
  std::vector<std::string> bitmaps;
  std::string tree;       // name of the file in HOME/trees
  base::Hash32 root{};    // of that tree
  std::uint64_t ids = 0;  // distinct ones
  std::uint64_t nonzero_blocks = 0;
  // It was, or may have been, written to while it was read or since: what the tree says may never have been so.
  bool hint = false;
  std::int64_t scanned_at = 0;  // seconds since 1970

  const std::filesystem::path& path() const { return files.front().path; }
  bool operator==(const LayerRecord&) const = default;
};

// A layer is one file, understood in one way, in one realm.
using LayerKey = base::Hash32;
LayerKey layer_key(std::string_view realm, const std::filesystem::path& real_path, std::string_view format);
inline LayerKey key_of(const LayerRecord& record) {
  return layer_key(record.realm, record.path(), record.format);
}

// What opens these layers again, top first.
disk::Chain chain_of(const std::vector<LayerRecord>& layers);

base::Bytes encode(const LayerRecord& record);
LayerRecord decode_layer_record(base::ByteView bytes);  // throws corrupt or unsupported

}  // namespace jaunt::chunkstore
