// Reading a tree file: mapped, bounded, searched in place.
#pragma once

#include <array>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "base/file.hpp"
#include "model/block_tree.hpp"
#include "model/tree_format.hpp"
#include "model/tree_writer.hpp"

namespace jaunt::model {

// A tree file's bytes, which must outlive the view. The bytes may be hostile or torn: construction checks the header
// and where everything lies, every access stays within bounds, verify() checks all the rest. Only corrupt,
// unsupported and limit errors are thrown. Any thread.
class TreeView {
 public:
  // `file` is aligned to 8 bytes. `name` is for messages.
  TreeView(base::ByteView file, std::string name);

  base::ByteCount size() const { return header_.image_size; }
  const base::Hash32& root() const { return header_.root; }
  const base::Hash32& carried_root() const { return header_.carried_root; }
  const base::Hash32& realm() const { return header_.realm; }  // as realm_fingerprint() makes it
  unsigned levels() const { return header_.levels; }
  TreeSummary summary() const;

  std::span<const TreeGroup> groups() const { return groups_; }  // not zero, ascending
  std::span<const BlockId> ids() const { return ids_; }          // distinct, ascending
  std::span<const std::uint32_t> ranks() const {
    return ranks_;
  }  // index into ids() of every non-zero block, in order
  ExtentSet elided() const;

  // kZeroNode where all blocks below are zero. Level 1 and up to levels().
  base::Hash32 node(NodePlace place) const;

  // The position in groups() of the first group at or after this index.
  std::size_t first_group_at(std::uint64_t index) const;
  const base::Hash32& group_hash(std::size_t position) const { return group_hashes_[position]; }
  // Of a group's non-zero blocks, in order: indices into ids().
  std::span<const std::uint32_t> ranks_of(const TreeGroup& group) const;
  // The ids of a group's non-zero blocks, in order, within `into`.
  std::span<const BlockId> ids_of(const TreeGroup& group, std::array<BlockId, kFanout>& into) const;
  std::optional<BlockId> id_at(BlockIndex block) const;  // nullopt is the zero block

  std::optional<std::uint32_t> rank_of(const BlockId& id) const;
  BlockIndex first_block_of(std::uint32_t rank) const;

  // What a scan told of `elided` would have found, computed from the ids without the image.
  TreeSummary summary_with(const ExtentSet& elided) const;

  // The ranks of all non-zero blocks that are not elided, in the order of the image.
  void each_needed_rank(const ExtentSet& elided, const std::function<void(std::uint32_t)>& visit) const;

  // Everything that construction left open: checksums, order, and that the ids give the hashes up to both roots.
  void verify() const;

 private:
  [[noreturn]] void corrupt(const char* cause) const;
  const tree_format::Section& section(tree_format::SectionKind kind, std::uint32_t level = 0) const;
  template <typename T>
  std::span<const T> entries(tree_format::SectionKind kind, std::uint32_t level = 0) const;
  void verify_checksums() const;
  void verify_ids() const;
  void verify_groups() const;
  void verify_hashes() const;

  base::ByteView file_;
  std::string name_;
  tree_format::Header header_;
  std::span<const TreeGroup> groups_;
  std::span<const base::Hash32> group_hashes_;
  std::vector<std::span<const tree_format::Node>> nodes_;  // of levels 2, 3, ...
  std::span<const BlockId> ids_;
  std::span<const std::uint32_t> first_ordinals_;
  std::span<const std::uint32_t> ranks_;
};

// A tree file on disk, open for as long as this lives, even when it is removed or replaced meanwhile.
class TreeFile {
 public:
  explicit TreeFile(const std::filesystem::path& path) : file_(path), view_(file_.bytes(), path.string()) {}

  const TreeView& view() const { return view_; }
  const TreeView* operator->() const { return &view_; }

 private:
  base::MappedFile file_;
  TreeView view_;
};

}  // namespace jaunt::model
