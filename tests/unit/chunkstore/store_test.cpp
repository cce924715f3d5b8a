#include "chunkstore/store.hpp"

#include <thread>

#include <doctest/doctest.h>

#include "base/error.hpp"
#include "chunkstore/pack_appender.hpp"
#include "support/store_fixture.hpp"

using namespace jaunt;
using namespace jaunt::testing;
using chunkstore::Store;

namespace {

base::ErrorKind kind_of(const std::function<void()>& act) {
  try {
    act();
  } catch (const base::Error& error) {
    return error.kind();
  }
  FAIL("it did not throw");
  return {};
}

}  // namespace

TEST_CASE_FIXTURE(StoreFixture, "What was committed is found and read back, by this store and by one opened later") {
  const Blocks blocks = blocks_of(0, 300);
  CHECK(count_here(store, blocks) == 0);
  CHECK(put(store, blocks) == 300);
  CHECK(count_here(store, blocks) == 300);
  CHECK(count_got(store, blocks) == 300);
  base::Bytes block(4096);
  CHECK(store.get({}, blocks.ids[7], std::span<std::byte, 4096>(block)));
  CHECK(block == block_of(7));
  CHECK_FALSE(store.get({}, blocks_of(1000, 1).ids[0], std::span<std::byte, 4096>(block)));
  const Store later(home.path());
  CHECK(count_got(later, blocks) == 300);
}

TEST_CASE_FIXTURE(StoreFixture, "What was put and not committed is not there, and does not hinder the next writer") {
  {
    auto writer = store.write({});
    const Blocks lost = blocks_of(0, 200);
    writer.put(lost.ids, lost.bytes);
  }
  CHECK(count_here(store, blocks_of(0, 200)) == 0);
  CHECK(put(store, blocks_of(100, 200)) == 200);
  CHECK(count_got(store, blocks_of(0, 400)) == 200);
}

TEST_CASE_FIXTURE(StoreFixture, "Blocks that are here already, or twice in a batch, are kept once") {
  CHECK(put(store, blocks_of(0, 100)) == 100);
  const auto before = store.figures().pack_bytes;
  CHECK(put(store, blocks_of(0, 100)) == 0);
  CHECK(store.figures().pack_bytes == before);
  Blocks twice = blocks_of(100, 1);
  twice.ids.push_back(twice.ids[0]);
  const base::Bytes once = twice.bytes;
  twice.bytes.insert(twice.bytes.end(), once.begin(), once.end());
  CHECK(put(store, twice) == 1);
}

TEST_CASE_FIXTURE(StoreFixture,
                  "A block whose bytes disagree with its id is refused, and nothing of its commit is kept") {
  Blocks blocks = blocks_of(0, 100);
  blocks.bytes[50 * 4096 + 17] ^= std::byte{1};
  CHECK(kind_of([&] { put(store, blocks); }) == base::ErrorKind::verify);
  CHECK(count_here(store, blocks) == 0);
  CHECK(put(store, blocks_of(0, 100)) == 100);
}

TEST_CASE_FIXTURE(StoreFixture, "Realms are kept apart, also when their blocks are the same") {
  const chunkstore::StoreRealm other{.name = "other"};
  const chunkstore::StoreRealm keyed{.name = "keyed", .key = model::RealmKey{std::byte{7}}};
  put(store, blocks_of(0, 10));
  CHECK(count_here(store, blocks_of(0, 10), other) == 0);
  put(store, blocks_of(0, 5), other);
  put(store, blocks_of(0, 3, keyed.key), keyed);
  CHECK(count_got(store, blocks_of(0, 10)) == 10);
  CHECK(count_got(store, blocks_of(0, 10), other) == 5);
  CHECK(count_got(store, blocks_of(0, 10, keyed.key), keyed) == 3);
  CHECK(store.realms() == std::vector<std::string>{"default", "keyed", "other"});
  CHECK(kind_of([&] { put(store, blocks_of(0, 1), {.name = "a/b"}); }) == base::ErrorKind::usage);
}

TEST_CASE_FIXTURE(StoreFixture, "A second writer is told who writes, while readers and references go on") {
  auto writer = store.write({});
  CHECK(kind_of([&] { store.write({}, {.patience = {}}); }) == base::ErrorKind::busy);
  const Store second(home.path());
  CHECK(count_here(second, blocks_of(0, 3)) == 0);
  second.references().refer({.name = "plan"}, blocks_of(0, 3).sorted_ids());
  CHECK(store.references().list().size() == 1);
}

TEST_CASE_FIXTURE(StoreFixture, "Many commits leave few index segments") {
  for (std::uint64_t i = 0; i < 60; ++i)
    put(store, blocks_of(i * 3, 3));
  const auto files = std::distance(std::filesystem::directory_iterator(home.path() / "store/index"), {});
  CHECK(files <= 8);
  CHECK(count_got(store, blocks_of(0, 180)) == 180);
  CHECK(store.figures().blocks == 180);
}

TEST_CASE_FIXTURE(StoreFixture, "As a source, the store finds ids, completes short ones and reads places") {
  const Blocks blocks = blocks_of(0, 500);
  put(store, blocks_of(0, 250));
  put(store, blocks_of(250, 250));
  const auto source = store.source({});
  const auto ids = blocks.sorted_ids();
  std::size_t found = 0;
  const auto reader = source->reader();
  source->find(ids, [&](std::size_t index, const chunkstore::Place& place) {
    base::Bytes block(4096);
    REQUIRE(reader->read(place, std::span<std::byte, 4096>(block)));
    CHECK(id_of(block) == ids[index]);
    ++found;
  });
  CHECK(found == 500);
  for (const unsigned bits : {8U, 13U, 64U}) {
    std::vector<std::uint64_t> prefixes;
    for (const auto& id : ids) {
      const std::uint64_t prefix = __builtin_bswap64(base::load_le<std::uint64_t>(id.bytes)) >> (64 - bits);
      if (prefixes.empty() || prefixes.back() != prefix)
        prefixes.push_back(prefix);
    }
    std::vector<model::BlockId> completed;
    source->complete(prefixes, bits,
                     [&](std::size_t, const auto& id, const chunkstore::Place&) { completed.push_back(id); });
    CHECK(completed == ids);
    prefixes.erase(prefixes.begin() + 1, prefixes.end());
    std::size_t few = 0;
    source->complete(prefixes, bits, [&](std::size_t, const auto&, const chunkstore::Place&) { ++few; });
    CHECK(few < 20);
    CHECK(few > 0);
  }
}

TEST_CASE_FIXTURE(StoreFixture, "A damaged group loses its blocks alone, and heals when they are put again") {
  const Blocks blocks = blocks_of(0, 640);
  put(store, blocks);
  const auto pack = base::File::open(home.path() / "store/packs/00000000.pack", O_RDWR);
  pack.write_all(base::ByteOffset(100'000), base::as_bytes("a scratch on the disk"));
  CHECK(count_here(store, blocks) == 640);
  CHECK(count_got(store, blocks) < 640);
  CHECK(count_here(store, blocks) == 576);
  CHECK(count_got(store, blocks) == 576);
  CHECK(store.figures().damaged_groups == 1);
  CHECK(put(store, blocks) == 64);
  CHECK(count_got(store, blocks) == 640);
}

TEST_CASE_FIXTURE(StoreFixture, "Readers in other threads see each commit whole or not at all") {
  std::atomic<bool> done = false;
  std::atomic<unsigned> torn = 0;
  std::thread reader([&] {
    const Store other(home.path());
    while (!done)
      for (std::uint64_t batch = 0; batch < 20; ++batch) {
        const std::size_t got = count_got(other, blocks_of(batch * 10, 10));
        torn += got != 0 && got != 10 ? 1 : 0;
      }
  });
  for (std::uint64_t batch = 0; batch < 20; ++batch)
    put(store, blocks_of(batch * 10, 10));
  done = true;
  reader.join();
  CHECK(torn == 0);
  CHECK(count_got(store, blocks_of(0, 200)) == 200);
}
