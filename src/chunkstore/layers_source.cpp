#include "chunkstore/layers_source.hpp"

#include <algorithm>
#include <array>
#include <bit>
#include <limits>
#include <map>
#include <set>
#include <tuple>
#include <utility>

#include "base/error.hpp"
#include "base/text.hpp"
#include "chunkstore/id_search.hpp"
#include "chunkstore/layer_state.hpp"
#include "chunkstore/layers_reader.hpp"

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
    std::ranges::stable_sort(batch_, before, id_of);  // stable: the first list that has an id wins
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
    const auto skip_to = [&](std::uint64_t head) {
      at = gallop(at, ids.size(), [&](std::size_t k) { return head_of(ids[k]) < head; });
    };
    skip_to(first);
    for (std::size_t prefix = begin; at < ids.size() && head_of(ids[at]) <= last;) {
      const std::uint64_t own = head_of(ids[at]) >> (64 - bits_);
      prefix = gallop(prefix, end, [&](std::size_t k) { return prefixes_[k] < own; });
      if (prefix == end)
        return;
      if (prefixes_[prefix] == own)
        batch_.push_back({.prefix = prefix, .position = at++, .list = list});
      else
        skip_to(prefixes_[prefix] << (64 - bits_));
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

std::unique_ptr<LayersSource> LayersSource::open(const Catalog& catalog, std::string_view realm,
                                                 const std::optional<model::RealmKey>& key) {
  std::unique_ptr<LayersSource> source(new LayersSource(catalog, key));
  Catalog::Holdings holdings = catalog.holdings(realm);
  source->add_parts(std::move(holdings.layers), model::realm_fingerprint(key));
  source->add_images(holdings.images);
  return source;
}

LayersSource::LayersSource(const Catalog& catalog, const std::optional<model::RealmKey>& key)
    : catalog_(catalog), key_(key) {}

void LayersSource::add_parts(std::vector<LayerRecord> records, const base::Hash32& realm_key) {
  std::ranges::sort(records, {}, [](const LayerRecord& record) {
    return std::tuple(record.hint, ~record.ids, std::tie(record.path(), record.format));
  });
  for (LayerRecord& record : records) {
    if (parts_.size() == kPartsMax)
      return;
    if (record.realm_key != realm_key || !still_there(record))
      continue;
    try {
      parts_.push_back({.record = record, .tree = LayerFile(catalog_.tree_path(record))});
    } catch (const base::Error&) {  // replaced or broken meanwhile: as if it were not there yet
      continue;
    }
    ids_ += parts_.back().tree->ids().size();
  }
}

void LayersSource::add_images(const std::vector<ImageRecord>& records) {
  std::map<LayerKey, std::uint32_t> part_of;
  for (std::uint32_t part = 0; part < parts(); ++part)
    part_of.emplace(key_of(parts_[part].record), part);
  std::set<std::vector<std::uint32_t>> stacks;
  std::set<std::string> names;
  std::vector<const ImageRecord*> order;
  for (const ImageRecord& record : records)
    order.push_back(&record);
  std::ranges::sort(order, {}, [](const ImageRecord* record) {
    return std::tuple(record->domain.empty(), !record->snapshot.empty(), record->name(), record->entry);
  });
  for (const ImageRecord* record : order) {
    HeldImage image{.name = record->name(),
                    .path = record->path,
                    .domain = record->domain,
                    .target = record->target,
                    .snapshot = record->snapshot,
                    .size = record->size,
                    .layers = {}};
    for (const LayerKey& key : record->layers)
      if (const auto found = part_of.find(key); found != part_of.end())
        image.layers.push_back(found->second);
    if (image.layers.empty() || image.layers.size() != record->layers.size() || !stacks.insert(image.layers).second)
      continue;
    if (!names.insert(image.name).second)  // of another connection
      image.name += " (" + image.path + ")";
    image.hint = std::ranges::any_of(image.layers, [&](std::uint32_t part) { return parts_[part].record.hint; });
    images_.push_back(std::move(image));
  }
  std::ranges::sort(images_, {}, &HeldImage::name);
}

const std::string& LayersSource::name() const {
  static const std::string name = "layers";
  return name;
}

std::uint64_t LayersSource::ids() const {
  return ids_;
}

std::string LayersSource::part_name(std::uint32_t part) const {
  return base::printable(record(part).path().string());
}

const model::TreeView& LayersSource::tree(std::uint32_t part) const {
  return parts_.at(part).tree.view();
}

const LayerRecord& LayersSource::record(std::uint32_t part) const {
  return parts_.at(part).record;
}

void LayersSource::find(std::span<const model::BlockId> ids, const Found& found) const {
  constexpr std::uint32_t kNowhere = std::numeric_limits<std::uint32_t>::max();
  std::vector<Place> places(ids.size(), {kNowhere, 0});
  std::vector<model::BlockId> wanted(ids.begin(), ids.end());  // those not found so far
  std::vector<std::uint32_t> index(ids.size());                // and where each is among `ids`
  for (std::size_t i = 0; i < ids.size(); ++i)
    index[i] = static_cast<std::uint32_t>(i);
  for (std::uint32_t part = 0; part < parts() && !wanted.empty(); ++part) {
    const model::TreeView& tree = parts_[part].tree.view();
    bool any = false;
    intersect(wanted, tree.ids(), [&](std::size_t at, std::size_t rank) {
      places[index[at]] = {part, tree.first_block_of(static_cast<std::uint32_t>(rank)).value};
      any = true;
    });
    if (!any)
      continue;
    std::size_t kept = 0;
    for (std::size_t i = 0; i < wanted.size(); ++i)
      if (places[index[i]].part == kNowhere) {
        wanted[kept] = wanted[i];
        index[kept++] = index[i];
      }
    wanted.resize(kept);
    index.resize(kept);
  }
  for (std::size_t i = 0; i < ids.size(); ++i)
    if (places[i].part != kNowhere)
      found(i, places[i]);
}

void LayersSource::complete(std::span<const std::uint64_t> prefixes, unsigned bits,
                            const Completed& completed) const {
  base::invariant(bits >= 8 && bits <= 64, "a prefix has 8 to 64 bits");
  std::vector<std::span<const model::BlockId>> ids;
  for (const Part& part : parts_)
    ids.push_back(part.tree->ids());
  Completer completer(std::move(ids), prefixes, bits, [&](std::size_t prefix, std::uint32_t part, std::size_t rank) {
    const model::TreeView& tree = parts_[part].tree.view();
    const Place place{part, tree.first_block_of(static_cast<std::uint32_t>(rank)).value};
    completed(prefix, tree.ids()[rank], place);
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

void LayersSource::ids_from(const Place& first, std::span<model::BlockId> ids) const {
  std::ranges::fill(ids, model::BlockId{});
  if (first.part >= parts())
    return;
  const model::TreeView& tree = parts_[first.part].tree.view();
  const auto groups = tree.groups();
  std::array<model::BlockId, model::kFanout> buffer;
  for (std::size_t at = tree.first_group_at(first.block / model::kFanout); at < groups.size(); ++at) {
    const std::uint64_t begin = std::uint64_t{groups[at].index} * model::kFanout;
    if (begin >= first.block + ids.size())
      return;
    const auto own = tree.ids_of(groups[at], buffer);
    std::size_t ordinal = 0;
    for (unsigned mask = groups[at].mask; mask != 0; mask &= mask - 1, ++ordinal) {
      const std::uint64_t block = begin + static_cast<unsigned>(std::countr_zero(mask));
      if (block >= first.block && block < first.block + ids.size())
        ids[block - first.block] = own[ordinal];
    }
  }
}

std::unique_ptr<SourceReader> LayersSource::reader() const {
  return std::make_unique<LayersReader>(*this);
}

LayerFile LayersSource::compose(const HeldImage& image) const {
  std::vector<LayerRecord> records;
  std::vector<const LayerFile*> trees;
  for (const std::uint32_t part : image.layers) {
    records.push_back(record(part));
    trees.push_back(&parts_[part].tree);
  }
  return catalog_.compose(records, trees, key_);
}

}  // namespace jaunt::chunkstore
