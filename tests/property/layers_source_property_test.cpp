#include <algorithm>
#include <map>
#include <set>
#include <thread>

#include "chunkstore/layers_source.hpp"
#include "support/seed.hpp"
#include "support/tree_fixture.hpp"

using namespace jaunt;
using namespace jaunt::chunkstore;

namespace {

// Catalogued raw images, and what a plain look at their bytes finds in them.
struct Fixture {
  base::TemporaryDirectory folder{testing::quick_folder()};
  Catalog catalog{folder.path() / "home"};
  EntryRecord entry{.location = "/somewhere"};
  base::Progress silent;
  std::vector<base::Bytes> images;
  std::set<model::BlockId> ids;

  Fixture() { catalog.add_entry(entry); }

  void make(std::mt19937_64& random) {
    for (std::size_t count = 1 + random() % 6; count > 0; --count) {
      images.push_back(testing::random_image(random, 400));
      testing::write_sparse(path(images.size() - 1), images.back());
    }
    std::this_thread::sleep_for(std::chrono::milliseconds(25));  // until the clock that stamps files has moved on
    for (std::size_t i = 0; i < images.size(); ++i)
      catalogue(i);
  }
  std::filesystem::path path(std::size_t image) const { return folder.path() / (std::to_string(image) + ".raw"); }

  void catalogue(std::size_t number) {
    const disk::Chain chain =
        disk::resolve_chain({.path = path(number), .format = "raw"}, {.folders = {folder.path()}, .devices = {}});
    catalog.scan_layer(chain, 0, {}, silent);
    ImageRecord image{.entry = key_of(entry), .path = chain.top().path, .size = chain.size()};
    image.layers.push_back(layer_key(kDefaultRealm, chain.top().path, "raw"));
    catalog.put_image(image);
    for (std::size_t at = 0; at < images[number].size(); at += model::kBlockBytes)
      if (const auto id = id_of(number, at))
        ids.insert(*id);
  }

  std::optional<model::BlockId> id_of(std::size_t image, std::size_t at) const {
    const auto bytes = base::ByteView(images[image]);
    if (at >= bytes.size())
      return std::nullopt;
    return model::BlockHasher().id_of(bytes.subspan(at, std::min<std::size_t>(4096, bytes.size() - at)));
  }
  // What the image has at the place that a source tells.
  std::optional<model::BlockId> id_at(const LayersSource& source, const Place& place) const {
    for (std::size_t i = 0; i < images.size(); ++i)
      if (std::filesystem::canonical(path(i)) == source.part_name(place.part))
        return id_of(i, place.block * model::kBlockBytes);
    return std::nullopt;
  }
};

// Some that are there, some that are not.
std::vector<model::BlockId> random_ids(std::mt19937_64& random, const std::set<model::BlockId>& present) {
  std::set<model::BlockId> wanted;
  for (const model::BlockId& id : present)
    if (random() % 3 != 0)
      wanted.insert(id);
  for (std::size_t count = random() % 300; count > 0; --count) {
    model::BlockId id;
    std::ranges::generate(id.bytes, [&] { return std::byte(random()); });
    wanted.insert(id);
  }
  return {wanted.begin(), wanted.end()};
}

std::uint64_t prefix_of(const model::BlockId& id, unsigned bits) {
  std::uint64_t head = 0;
  for (std::size_t i = 0; i < 8; ++i)
    head = head << 8 | std::to_integer<std::uint64_t>(id.bytes[i]);
  return head >> (64 - bits);
}

}  // namespace

TEST_CASE("Layers find, complete, foretell and read exactly what their bytes hold") {
  testing::for_seeds(25, [&](std::mt19937_64& random) {
    Fixture fixture;
    fixture.make(random);
    const auto source = LayersSource::open(fixture.catalog);
    REQUIRE(source->parts() == fixture.images.size());
    const auto reader = source->reader();

    const auto wanted = random_ids(random, fixture.ids);
    std::map<std::size_t, Place> found;
    std::optional<std::size_t> last;
    source->find(wanted, [&](std::size_t index, const Place& place) {
      REQUIRE((!last || *last < index));
      last = index;
      found[index] = place;
    });
    for (std::size_t i = 0; i < wanted.size(); ++i) {
      REQUIRE(found.contains(i) == fixture.ids.contains(wanted[i]));
      if (!found.contains(i))
        continue;
      REQUIRE(fixture.id_at(*source, found[i]) == wanted[i]);
      std::array<std::byte, model::kBlockBytes> block{};
      REQUIRE(reader->read(found[i], block));
      REQUIRE(model::BlockHasher().id_of(block) == wanted[i]);
    }

    const unsigned bits = 8 + static_cast<unsigned>(random() % 57);
    std::set<std::uint64_t> prefixes;
    for (const model::BlockId& id : wanted)
      prefixes.insert(prefix_of(id, bits));
    const std::vector<std::uint64_t> asked(prefixes.begin(), prefixes.end());
    std::vector<std::pair<std::uint64_t, model::BlockId>> completed;
    source->complete(asked, bits, [&](std::size_t index, const model::BlockId& id, const Place& place) {
      REQUIRE(fixture.id_at(*source, place) == id);
      completed.emplace_back(asked.at(index), id);
    });
    std::vector<std::pair<std::uint64_t, model::BlockId>> expected;
    for (const model::BlockId& id : fixture.ids)
      if (prefixes.contains(prefix_of(id, bits)))
        expected.emplace_back(prefix_of(id, bits), id);
    REQUIRE(completed == expected);

    const Place from{static_cast<std::uint32_t>(random() % source->parts()), random() % 200};
    std::vector<model::BlockId> ahead(random() % 100);
    source->ids_from(from, ahead);
    for (std::size_t i = 0; i < ahead.size(); ++i)
      REQUIRE(ahead[i] == fixture.id_at(*source, {from.part, from.block + i}).value_or(model::BlockId{}));
  });
}
