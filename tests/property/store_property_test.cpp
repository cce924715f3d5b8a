// The store against a std::map: whatever is put, referred to, collected, damaged and verified, what must be there
// comes back as it was put, and what is there is what was put.
#include <map>
#include <set>

#include <doctest/doctest.h>

#include "chunkstore/store_gc.hpp"
#include "chunkstore/store_verify.hpp"
#include "support/seed.hpp"
#include "support/store_fixture.hpp"

using namespace jaunt;
using namespace jaunt::testing;
using chunkstore::Holder;

namespace {

constexpr std::uint64_t kNumbers = 3000;

struct Story {
  std::mt19937_64& random;
  base::TemporaryDirectory home{quick_folder()};
  std::unique_ptr<chunkstore::Store> store = std::make_unique<chunkstore::Store>(home.path());
  std::map<std::uint64_t, bool> blocks{};  // number → whether it must be there, not only may
  std::map<std::string, std::pair<std::uint64_t, std::uint64_t>> references{};  // name → first, count

  std::pair<std::uint64_t, std::uint64_t> some_range() {
    const std::uint64_t count = 1 + random() % 150;
    return {random() % (kNumbers - count), count};
  }

  bool referred_to(std::uint64_t number) const {
    return std::ranges::any_of(references, [&](const auto& reference) {
      const auto [first, count] = reference.second;
      return number >= first && number < first + count;
    });
  }

  void put_some() {
    const auto quota = random() % 3 == 0 ? std::optional(base::ByteCount(random() % base::kMiB)) : std::nullopt;
    auto writer = store->write({}, {.threads = 1 + static_cast<unsigned>(random() % 3), .size_max = quota});
    std::set<std::uint64_t> numbers;
    for (auto batches = 1 + random() % 3; batches > 0; --batches) {
      const auto [first, count] = some_range();
      const Blocks some = blocks_of(first, count);
      writer.put(some.ids, some.bytes);
      for (std::uint64_t number = first; number < first + count; ++number)
        numbers.insert(number);
    }
    if (random() % 4 == 0)
      return;  // as if it had been killed
    writer.commit();
    for (auto& [number, certain] : blocks)
      certain = certain && (!quota || referred_to(number));
    for (const std::uint64_t number : numbers)
      blocks[number] = true;
  }

  void refer() {
    const std::string name = "image" + std::to_string(random() % 6);
    const auto [first, count] = some_range();
    store->references().refer({.holder = Holder::image, .name = name}, blocks_of(first, count).sorted_ids());
    references[name] = {first, count};
  }

  void release() {
    const std::string name = "image" + std::to_string(random() % 6);
    CHECK(store->references().release({.holder = Holder::image, .name = name}) == (references.erase(name) == 1));
  }

  void collect() {
    base::Progress silent;
    const base::ByteCount quota(random() % 2 == 0 ? 0 : random() % (store->pack_bytes().value + 1));
    const auto report = collect_garbage(
        *store, {.keep_max = quota, .garbage_min = random() % 2 == 0 ? 0 : 0.25, .threads = 1}, silent);
    CHECK(report.bytes_after == store->pack_bytes());
    for (auto& [number, certain] : blocks)
      certain = certain && (referred_to(number) || quota >= report.bytes_before);
  }

  void damage() {
    std::vector<std::filesystem::path> packs;
    for (const auto& entry : std::filesystem::directory_iterator(home.path() / "store/packs"))
      packs.push_back(entry.path());
    if (packs.empty())
      return;
    const auto& pack = packs[random() % packs.size()];
    const auto file = base::File::open(pack, O_RDWR);
    const std::uint64_t value = random();
    file.write_all(base::ByteOffset(128 + random() % (std::filesystem::file_size(pack) - 128)),
                   std::as_bytes(std::span(&value, 1)));
    // Which blocks that hit is what verify says, or nothing where it hit a gap or an abandoned tail.
    base::Progress silent;
    const auto report = verify_store(*store, {}, silent);
    REQUIRE(report.packs_left == 0);
    std::map<model::BlockId, std::uint64_t> numbers;
    for (const auto& [number, certain] : blocks)
      numbers[id_of(block_of(number))] = number;
    for (const auto& lost : report.lost)
      blocks[numbers.at(lost.id)] = false;
    CHECK(report.damaged_groups <= 2);
  }

  void look() {
    const Blocks all = blocks_of(0, kNumbers);
    std::vector<bool> got(kNumbers);
    store->get({}, all.ids, [&](std::size_t index, base::ByteView block) {
      REQUIRE(std::ranges::equal(block, base::ByteView(all.bytes).subspan(index * 4096, 4096)));
      REQUIRE(blocks.contains(index));
      got[index] = true;
    });
    for (const auto& [number, certain] : blocks) {
      CAPTURE(number);
      CHECK((got[number] || !certain));
    }
    CHECK(store->has({}, all.ids) == got);
    CHECK(store->references().list().size() == references.size());
  }

  void step() {
    const auto dice = random() % 20;
    if (dice < 8)
      put_some();
    else if (dice < 12)
      refer();
    else if (dice < 14)
      release();
    else if (dice < 16)
      collect();
    else if (dice < 17)
      damage();
    else if (dice < 18)
      store = std::make_unique<chunkstore::Store>(home.path());
    else
      look();
  }
};

}  // namespace

TEST_CASE("The store holds what a map says it must, through anything that may happen to it") {
  for_seeds(6, [](std::mt19937_64& random) {
    Story story{random};
    for (unsigned i = 0; i < 60; ++i)
      story.step();
    story.look();
  });
}
