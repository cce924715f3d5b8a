// Writes a tree file from groups in ascending order, in memory that does not grow with the image.
#pragma once

#include <array>
#include <cstdint>
#include <filesystem>
#include <optional>
#include <span>
#include <vector>

#include "base/file.hpp"
#include "model/block_tree.hpp"
#include "model/id_sorter.hpp"
#include "model/spill.hpp"
#include "model/tree_format.hpp"

namespace jaunt::model {

// What is said about a whole tree.
struct TreeSummary {
  base::ByteCount size;
  base::Hash32 root{};
  base::Hash32 carried_root{};  // elided blocks read as zero
  std::uint64_t nonzero_blocks = 0;
  std::uint64_t needed_blocks = 0;  // of these, what is not elided
  std::uint64_t unique_ids = 0;

  bool operator==(const TreeSummary&) const = default;
};

// Tells realms apart without telling their key: zeros for the default realm, else a hash of the key.
base::Hash32 realm_fingerprint(const std::optional<RealmKey>& key);

class TreeWriter {
 public:
  // The file appears at `path` when it is whole. An image or a number of blocks beyond the format's is a limit error.
  TreeWriter(const std::filesystem::path& path, base::ByteCount image_size, const std::optional<RealmKey>& key,
             const ExtentSet& elided);

  // Groups that are not zero, ascending; `hash` is NodeHasher's of the same mask and ids.
  void add_group(std::uint64_t index, std::uint16_t mask, std::span<const BlockId> ids, const base::Hash32& hash);

  TreeSummary commit();

 private:
  class SectionWriter;

  void write_sections(SectionWriter& out);

  std::filesystem::path folder_;
  ExtentSet elided_;
  base::AtomicFile file_;
  tree_format::Header header_;
  Spill groups_;
  Spill group_hashes_;
  std::vector<Spill> nodes_;  // of levels 2, 3, ...
  IdSorter ids_;
  TreeBuilder builder_;
  CarriedTreeBuilder carried_;
};

}  // namespace jaunt::model
