#include "chunkstore/layers_lookup.hpp"

#include <algorithm>
#include <bit>
#include <optional>
#include <utility>

#include "base/error.hpp"
#include "model/id_order.hpp"

namespace jaunt::chunkstore {

namespace {

// How many answers complete() collects before it gives them out, as far as ids are uniform.
constexpr std::uint64_t kCompletionsExpected = std::uint64_t{1} << 16;

// Finds the ids of several ascending lists that begin with one of the prefixes.
class Completer {
 public:
  using Found = std::function<void(std::size_t prefix, std::uint32_t list, std::size_t position)>;

  Completer(std::vector<std::span<const model::BlockId>> lists, std::span<const std::uint64_t> prefixes,
            unsigned bits, Found found)
      : lists_(std::move(lists)), at_(lists_.size()), prefixes_(prefixes), bits_(bits), found_(std::move(found)) {}

  // All ids whose first 64 bits lie in [first, last], where only the prefixes from `begin` to `end` can be; each once
  // and in order. Ranges are asked for in ascending order.
  void complete(std::size_t begin, std::size_t end, std::uint64_t first, std::uint64_t last) {
    batch_.clear();
    for (std::uint32_t list = 0; list < lists_.size(); ++list)
      collect(list, begin, end, first, last);
    const auto id_of = [&](const Hit& hit) -> const model::BlockId& { return lists_[hit.list][hit.position]; };
    std::ranges::stable_sort(batch_, model::before, id_of);  // stable: the first list that has an id wins
    for (std::size_t i = 0; i < batch_.size(); ++i)
      if (i == 0 || id_of(batch_[i]) != id_of(batch_[i - 1]))
        found_(batch_[i].prefix, batch_[i].list, batch_[i].position);
  }

 private:
  struct Hit {
    std::size_t prefix = 0;
    std::size_t position = 0;
    std::uint32_t list = 0;
  };

  void collect(std::uint32_t list, std::size_t begin, std::size_t end, std::uint64_t first, std::uint64_t last) {
    const auto ids = lists_[list];
    std::size_t& at = at_[list];
    at = model::gallop_to(ids, at, first);
    for (std::size_t prefix = begin; at < ids.size() && head_of(ids[at]) <= last;) {
      const std::uint64_t own = head_of(ids[at]) >> (64 - bits_);
      prefix = model::gallop(prefix, end, [&](std::size_t k) { return prefixes_[k] < own; });
      if (prefix == end)
        return;
      if (prefixes_[prefix] == own)
        batch_.push_back({.prefix = prefix, .position = at++, .list = list});
      else
        at = model::gallop_to(ids, at, prefixes_[prefix] << (64 - bits_));
    }
  }

  std::vector<std::span<const model::BlockId>> lists_;
  std::vector<std::size_t> at_;  // how far each list was read
  std::span<const std::uint64_t> prefixes_;
  unsigned bits_;
  Found found_;
  std::vector<Hit> batch_;
};

}  // namespace

void LayersLookup::add(std::uint32_t part, const model::TreeView& tree) {
  layers_.push_back({.part = part, .tree = &tree});
  ids_ += tree.ids().size();
}

void LayersLookup::find(std::span<const model::BlockId> ids, const Source::Found& found) const {
  std::vector<std::optional<Place>> places(ids.size());
  std::vector<model::BlockId> wanted(ids.begin(), ids.end());  // those not found so far
  std::vector<std::uint32_t> index(ids.size());                // and where each is among `ids`
  for (std::size_t i = 0; i < ids.size(); ++i)
    index[i] = static_cast<std::uint32_t>(i);
  for (const Layer& layer : layers_) {
    bool any = false;
    model::intersect(wanted, layer.tree->ids(), [&](std::size_t at, std::size_t rank) {
      places[index[at]] = layer.place(rank);
      any = true;
    });
    if (!any)
      continue;
    std::size_t kept = 0;
    for (std::size_t i = 0; i < wanted.size(); ++i)
      if (!places[index[i]]) {
        wanted[kept] = wanted[i];
        index[kept++] = index[i];
      }
    wanted.resize(kept);
    index.resize(kept);
  }
  for (std::size_t i = 0; i < ids.size(); ++i)
    if (places[i])
      found(i, *places[i]);
}

void LayersLookup::complete(std::span<const std::uint64_t> prefixes, unsigned bits,
                            const Source::Completed& completed) const {
  base::invariant(bits >= 8 && bits <= 64, "a prefix has 8 to 64 bits");
  std::vector<std::span<const model::BlockId>> ids;
  for (const Layer& layer : layers_)
    ids.push_back(layer.tree->ids());
  Completer completer(std::move(ids), prefixes, bits, [&](std::size_t prefix, std::uint32_t list, std::size_t rank) {
    completed(prefix, layers_[list].tree->ids()[rank], layers_[list].place(rank));
  });
  // Ranges of the id space in which not more than so many ids are to be expected.
  const auto splits = static_cast<unsigned>(std::bit_width(std::max<std::uint64_t>(1, ids_ / kCompletionsExpected)));
  const unsigned range_bits = 64 - std::min(56U, splits);
  const unsigned open_bits = 64 - bits;  // that one prefix leaves open
  const std::uint64_t open = (std::uint64_t{1} << open_bits) - 1;
  if (open_bits <= range_bits) {
    const std::size_t at_once = std::size_t{1} << std::min(range_bits - open_bits, 20U);
    for (std::size_t begin = 0; begin < prefixes.size(); begin += at_once) {
      const std::size_t end = std::min(prefixes.size(), begin + at_once);
      completer.complete(begin, end, prefixes[begin] << open_bits, prefixes[end - 1] << open_bits | open);
    }
    return;
  }
  for (std::size_t i = 0; i < prefixes.size(); ++i) {
    const std::uint64_t first = prefixes[i] << open_bits;
    const std::uint64_t within = (std::uint64_t{1} << range_bits) - 1;
    for (std::uint64_t range = 0; range <= open >> range_bits; ++range)
      completer.complete(i, i + 1, first + (range << range_bits), first + (range << range_bits) + within);
  }
}

}  // namespace jaunt::chunkstore
