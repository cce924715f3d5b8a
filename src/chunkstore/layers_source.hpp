// The catalogued layers of one realm as a source of blocks, and the images that they make up.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <set>
#include <span>
#include <string>
#include <vector>

#include "chunkstore/catalog.hpp"
#include "chunkstore/layers_lookup.hpp"
#include "chunkstore/source.hpp"

namespace jaunt::chunkstore {

// An image whose layers are all here: what could be the base.
struct HeldImage {
  std::string name;      // "web1 vda", "web1 vda @before-upgrade", or the path; unique
  std::string path;      // of its top layer
  std::string domain;    // whose disk it is; empty for a mere file
  std::string target;    // "vda"
  std::string snapshot;  // whose state it is; empty for the disk as it is now
  base::ByteCount size;
  std::vector<std::uint32_t> layers;  // parts of the source, top first
  // Some layer was written to when it was read, or may be since: its tree tells what probably is there.
  bool hint = false;
};

// What the catalog held when it was opened, but for files that were not the same any more by then. Trees are mapped,
// so memory hardly grows with their size. The catalog must outlive it. Any thread.
class LayersSource final : public Source {
 public:
  // More layers than this are not opened: the kernel bounds the mappings of a process (65,530 by default).
  static constexpr std::size_t kPartsMax = 32768;

  static std::unique_ptr<LayersSource> open(const Catalog& catalog, std::string_view realm = kDefaultRealm,
                                            const std::optional<model::RealmKey>& key = {});

  const std::string& name() const override;
  std::uint64_t ids() const override;
  std::string part_name(std::uint32_t part) const override;
  void find(std::span<const model::BlockId> ids, const Found& found) const override;
  void complete(std::span<const std::uint64_t> prefixes, unsigned bits, const Completed& completed) const override;
  void ids_from(const Place& first, std::span<model::BlockId> ids) const override;
  std::unique_ptr<SourceReader> reader() const override;

  std::uint32_t parts() const { return static_cast<std::uint32_t>(parts_.size()); }
  const model::TreeView& tree(std::uint32_t part) const;
  const LayerRecord& record(std::uint32_t part) const;
  bool is_package(std::uint32_t part) const { return parts_.at(part).package; }

  // One for each stack of layers, a domain's name before a file's; by name.
  const std::vector<HeldImage>& images() const { return images_; }
  // The whole image's tree, put together from its layers' without reading it.
  LayerFile compose(const HeldImage& image) const;

 private:
  friend class LayersReader;
  struct Part {
    LayerRecord record;
    LayerFile tree;
    bool package = false;
  };

  LayersSource(const Catalog& catalog, const std::optional<model::RealmKey>& key);
  void add_parts(std::vector<LayerRecord> records, const std::set<LayerKey>& packages,
                 const base::Hash32& realm_key);
  void add_images(const std::vector<ImageRecord>& records);

  const Catalog& catalog_;
  std::optional<model::RealmKey> key_;
  std::vector<Part> parts_;  // the most trustworthy and largest first, so that matches come in long runs
  LayersLookup lookup_;
  std::vector<HeldImage> images_;
};

// The layers of one image alone, so that a base is asked before everything else. Places are those of `layers`, which
// outlives it.
std::unique_ptr<Source> source_of_image(const LayersSource& layers, const HeldImage& image);

}  // namespace jaunt::chunkstore
