// Where ids are in the trees of some layers.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "chunkstore/source.hpp"
#include "model/tree_file.hpp"

namespace jaunt::chunkstore {

// What was added first is preferred. The trees outlive it.
class LayersLookup {
 public:
  void add(std::uint32_t part, const model::TreeView& tree);

  std::uint64_t ids() const { return ids_; }
  void find(std::span<const model::BlockId> ids, const Source::Found& found) const;
  void complete(std::span<const std::uint64_t> prefixes, unsigned bits, const Source::Completed& completed) const;

 private:
  struct Layer {
    std::uint32_t part = 0;
    const model::TreeView* tree = nullptr;
    Place place(std::size_t rank) const {
      return {part, tree->first_block_of(static_cast<std::uint32_t>(rank)).value};
    }
  };

  std::vector<Layer> layers_;
  std::uint64_t ids_ = 0;
};

}  // namespace jaunt::chunkstore
