// What the catalog keeps about a scanned layer, and its bytes in the database.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

#include "base/bytes.hpp"
#include "base/hash.hpp"
#include "model/description.hpp"

namespace jaunt::chunkstore {

// A file that was read, and what it was then.
struct SourceFile {
  std::filesystem::path path;
  model::FileIdentity identity;

  bool operator==(const SourceFile&) const = default;
};

// A layer whose tree is kept. Its first file names it; a layer whose bytes lie in several files, or a whole chain
// that was scanned as one image, has more.
struct LayerRecord {
  std::vector<SourceFile> files;
  base::Hash32 realm{};         // as model::realm_fingerprint() makes it
  base::Hash32 root{};          // of its tree
  std::int64_t scanned_at = 0;  // seconds since 1970

  bool operator==(const LayerRecord&) const = default;
};

base::Bytes encode(const LayerRecord& record);
LayerRecord decode_layer_record(base::ByteView bytes);  // throws corrupt or unsupported

}  // namespace jaunt::chunkstore
