// Where the destination can find blocks: its sources, asked as one.
#pragma once

#include <cstdint>
#include <functional>
#include <span>
#include <vector>

#include "chunkstore/source.hpp"
#include "model/block.hpp"

namespace jaunt::sync {

// A place in one of the sources.
struct Spot {
  std::uint32_t source = 0;  // its number among them
  chunkstore::Place place;

  bool operator==(const Spot&) const = default;
  Spot at(std::uint64_t blocks) const { return {source, {place.part, place.block + blocks}}; }
};

// The sources outlive it; earlier ones are preferred. Any thread.
class Lookup {
 public:
  explicit Lookup(std::vector<const chunkstore::Source*> sources);

  std::uint64_t ids() const { return ids_; }  // an upper bound

  // For some ids, in any order: found(index, spot) for each that is there, once.
  void find(std::span<const model::BlockId> ids, const std::function<void(std::size_t, const Spot&)>& found) const;

  // For some ids of which only the first `bits` bits are known: completed(index, id, spot) for each that an id here
  // begins like, once. There may be other ids that begin so.
  using Completed = std::function<void(std::size_t, const model::BlockId&, const Spot&)>;
  void complete(std::span<const model::BlockId> beginnings, unsigned bits, const Completed& completed) const;

  // See chunkstore::Source::ids_from.
  void ids_from(const Spot& first, std::span<model::BlockId> ids) const;

 private:
  std::vector<const chunkstore::Source*> sources_;
  std::uint64_t ids_ = 0;
};

}  // namespace jaunt::sync
