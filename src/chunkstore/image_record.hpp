// What a person told the catalog to use, and the images that were found there.
#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/units.hpp"
#include "chunkstore/layer_record.hpp"

namespace jaunt::chunkstore {

// What is in `packages` gives blocks, and is never a base: jaunt unpacked it itself.
enum class EntryKind : std::uint8_t { libvirt, folder, image, packages };
std::string_view to_string(EntryKind kind);

// One thing that the catalog uses as a source, in one realm. Images that are found in it belong to it.
struct EntryRecord {
  std::string realm{kDefaultRealm};
  EntryKind kind = EntryKind::image;
  std::string location{};               // a URI, or the real path of a folder or an image
  std::optional<std::string> format{};  // of a single image
  std::vector<std::string> excluded{};  // images found here that are not to be used, by their path
  std::int64_t added_at = 0;            // seconds since 1970
  std::int64_t rescanned_at = 0;        // when it was last gone through to its end; 0: never
  std::vector<std::string> problems{};  // what stood in the way then

  bool operator==(const EntryRecord&) const = default;
};

using EntryKey = base::Hash32;
EntryKey entry_key(std::string_view realm, EntryKind kind, std::string_view location);
inline EntryKey key_of(const EntryRecord& record) {
  return entry_key(record.realm, record.kind, record.location);
}

// An image: a stack of layers, and who uses it. A domain's disk, the state of a snapshot of it, or just a file.
struct ImageRecord {
  std::string realm{kDefaultRealm};
  EntryKey entry{};
  std::string path{};      // of its top layer
  std::string domain{};    // whose disk it is; empty for a mere file
  std::string target{};    // "vda"
  std::string snapshot{};  // whose state it is; empty for the disk as it is now
  base::ByteCount size{};
  std::vector<LayerKey> layers{};  // top first

  // "web1 vda", "web1 vda @before-upgrade", or the path.
  std::string name() const;
  bool operator==(const ImageRecord&) const = default;
};

using ImageKey = base::Hash32;
ImageKey key_of(const ImageRecord& record);

base::Bytes encode(const EntryRecord& record);
base::Bytes encode(const ImageRecord& record);
// These throw corrupt or unsupported.
EntryRecord decode_entry_record(base::ByteView bytes);
ImageRecord decode_image_record(base::ByteView bytes);

}  // namespace jaunt::chunkstore
