// Where blocks can be had on this node, whatever holds them: catalogued layers, the store.
#pragma once

#include <algorithm>
#include <cstdint>
#include <functional>
#include <memory>
#include <span>
#include <string>

#include "base/bytes.hpp"
#include "model/block.hpp"

namespace jaunt::chunkstore {

// A block's place within a source. Consecutive blocks of a part lie behind one another, so matches come in runs.
struct Place {
  std::uint32_t part = 0;
  std::uint64_t block = 0;

  bool operator==(const Place&) const = default;
};

// One thread's way to a source's bytes.
class SourceReader {
 public:
  virtual ~SourceReader() = default;

  // What lies at this place now: a hint, until the caller has checked it against the id. A last partial block comes
  // zero-padded. False when nothing can be read there any more.
  virtual bool read(const Place& place, std::span<std::byte, model::kBlockBytes> into) = 0;

  // The blocks from `first` on, one behind another, as many as `into` holds. False when one of them cannot be read;
  // `into` may be anything then.
  virtual bool read_run(const Place& first, std::span<std::byte> into) {
    for (std::uint64_t i = 0; i < into.size() / model::kBlockBytes; ++i)
      if (!read({first.part, first.block + i},
                std::span<std::byte, model::kBlockBytes>(into.data() + i * model::kBlockBytes, model::kBlockBytes)))
        return false;
    return true;
  }
};

// Blocks of one realm, as they were when the source was opened. Any thread.
class Source {
 public:
  using Found = std::function<void(std::size_t index, const Place& place)>;
  using Completed = std::function<void(std::size_t index, const model::BlockId& id, const Place& place)>;

  virtual ~Source() = default;

  virtual const std::string& name() const = 0;                  // "layers", "store"
  virtual std::uint64_t ids() const = 0;                        // how many there are; an upper bound will do
  virtual std::string part_name(std::uint32_t part) const = 0;  // for people

  // One place of each id that is here. `ids` ascend; `index` is the position among them, ascending too.
  virtual void find(std::span<const model::BlockId> ids, const Found& found) const = 0;

  // Every id here whose first `bits` bits (8 to 64) are one of `prefixes`: numbers of so many bits, the first byte of
  // an id most significant, ascending and distinct.
  virtual void complete(std::span<const std::uint64_t> prefixes, unsigned bits, const Completed& completed) const = 0;

  // The ids of the blocks from `first` on, one behind another, as far as they are cheap to tell: a guess at how a run
  // goes on. A zero block, and one that is not known here, is BlockId{}; a source without such an order tells none.
  virtual void ids_from(const Place& /*first*/, std::span<model::BlockId> ids) const {
    std::fill(ids.begin(), ids.end(), model::BlockId{});
  }

  virtual std::unique_ptr<SourceReader> reader() const = 0;
};

}  // namespace jaunt::chunkstore
