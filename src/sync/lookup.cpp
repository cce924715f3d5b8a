#include "sync/lookup.hpp"

#include <algorithm>
#include <numeric>
#include <utility>

#include "base/error.hpp"
#include "sync/packed_bits.hpp"

namespace jaunt::sync {

namespace {

// What was asked, sorted and each once; the askers of one are neighbours in `order`.
template <typename Key>
class Asked {
 public:
  template <typename KeyOf>
  Asked(std::size_t count, const KeyOf& key_of) : order_(count) {
    std::iota(order_.begin(), order_.end(), std::size_t{0});
    std::vector<Key> keys(count);
    for (std::size_t i = 0; i < count; ++i)
      keys[i] = key_of(i);
    std::sort(order_.begin(), order_.end(), [&](std::size_t a, std::size_t b) { return keys[a] < keys[b]; });
    for (std::size_t i = 0; i < count; ++i) {
      if (i == 0 || keys[order_[i]] != keys_.back()) {
        keys_.push_back(keys[order_[i]]);
        begins_.push_back(i);
      }
    }
    begins_.push_back(count);
    found_.resize(keys_.size());
  }

  const std::vector<Key>& keys() const { return keys_; }

  // False from the second time on.
  bool mark_found(std::size_t number) { return std::exchange(found_[number], char{1}) == 0; }

  template <typename Visit>
  void each_asker(std::size_t number, const Visit& visit) const {
    for (std::size_t i = begins_[number]; i < begins_[number + 1]; ++i)
      visit(order_[i]);
  }

 private:
  std::vector<std::size_t> order_;
  std::vector<Key> keys_;
  std::vector<std::size_t> begins_;
  std::vector<char> found_;
};

}  // namespace

Lookup::Lookup(std::vector<const chunkstore::Source*> sources) : sources_(std::move(sources)) {
  for (const chunkstore::Source* source : sources_)
    ids_ += source->ids();
}

void Lookup::find(std::span<const model::BlockId> ids,
                  const std::function<void(std::size_t, const Spot&)>& found) const {
  Asked<model::BlockId> asked(ids.size(), [&](std::size_t i) { return ids[i]; });
  for (std::uint32_t number = 0; number < sources_.size(); ++number) {
    sources_[number]->find(asked.keys(), [&](std::size_t index, const chunkstore::Place& place) {
      if (asked.mark_found(index))
        asked.each_asker(index, [&](std::size_t asker) { found(asker, {number, place}); });
    });
  }
}

void Lookup::complete(std::span<const model::BlockId> beginnings, unsigned bits, const Completed& completed) const {
  base::invariant(bits >= 8 && bits <= 64, "a source completes 8 to 64 bits");
  Asked<std::uint64_t> asked(beginnings.size(), [&](std::size_t i) { return id_head(beginnings[i]) >> (64 - bits); });
  for (std::uint32_t number = 0; number < sources_.size(); ++number) {
    sources_[number]->complete(
        asked.keys(), bits, [&](std::size_t index, const model::BlockId& id, const chunkstore::Place& place) {
          if (asked.mark_found(index))
            asked.each_asker(index, [&](std::size_t asker) { completed(asker, id, {number, place}); });
        });
  }
}

void Lookup::ids_from(const Spot& first, std::span<model::BlockId> ids) const {
  sources_[first.source]->ids_from(first.place, ids);
}

}  // namespace jaunt::sync
