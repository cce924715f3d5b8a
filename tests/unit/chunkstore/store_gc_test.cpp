#include "chunkstore/store_gc.hpp"

#include <doctest/doctest.h>

#include "chunkstore/pack_appender.hpp"
#include "chunkstore/store_commit.hpp"
#include "support/store_fixture.hpp"

using namespace jaunt;
using namespace jaunt::testing;
using chunkstore::Clock;
using chunkstore::Holder;
using namespace std::chrono_literals;

namespace {

struct GcFixture : StoreFixture {
  void refer(const std::string& name, const Blocks& blocks, Holder holder = Holder::image,
             std::optional<Clock::time_point> expires = {}) {
    store.references().refer({.holder = holder, .name = name, .expires = expires}, blocks.sorted_ids());
  }

  chunkstore::GcReport collect(chunkstore::GcOptions options = {}) {
    base::Progress silent;
    return collect_garbage(store, options, silent);
  }

  // All that is here by now, in packs that are full.
  void make_older(std::chrono::seconds by) {
    store.folder().manifest().write([&](chunkstore::WriteTxn& txn) {
      for (auto& pack : chunkstore::manifest::packs(txn)) {
        pack.filled_at -= by.count();
        pack.bytes = chunkstore::PackAppender::kPackBytesMax;
        chunkstore::manifest::put(txn, pack);
      }
    });
  }

  std::size_t files(const char* folder) {
    return static_cast<std::size_t>(
        std::distance(std::filesystem::directory_iterator(home.path() / "store" / folder), {}));
  }
};

bool is_not_found(const std::function<void()>& act) {
  try {
    act();
    return false;
  } catch (const base::Error& error) {
    return error.kind() == base::ErrorKind::not_found;
  }
}

}  // namespace

TEST_CASE_FIXTURE(GcFixture, "What nothing refers to goes, what something refers to stays") {
  put(store, blocks_of(0, 400));
  refer("web1", blocks_of(100, 100));
  refer("web2", blocks_of(150, 100));
  const auto report = collect();
  CHECK(report.blocks_dropped == 250);
  CHECK(report.blocks_moved == 150);
  CHECK(report.bytes_after < report.bytes_before);
  CHECK(count_got(store, blocks_of(100, 150)) == 150);
  CHECK(count_here(store, blocks_of(0, 400)) == 150);
  CHECK(files("packs") == 1);
  CHECK(files("index") == 1);
  CHECK(collect().packs_removed == 0);
}

TEST_CASE_FIXTURE(GcFixture, "A pack stays when something was referred to since it was found to be garbage") {
  const Blocks blocks = blocks_of(0, 100);
  put(store, blocks);
  const auto snapshot = chunkstore::StoreSnapshot::load(store.folder(), "default");
  const auto remove_pack_unless = [&](bool needed) {
    const auto needed_packs = [&](const chunkstore::ReadTxn&) {
      return needed ? std::unordered_set<std::uint32_t>{0} : std::unordered_set<std::uint32_t>{};
    };
    return chunkstore::commit(store.folder(), *snapshot, {.removed_packs = {0}, .needed_packs = needed_packs});
  };
  CHECK(remove_pack_unless(true).empty());
  CHECK(count_got(store, blocks) == 100);
  CHECK(remove_pack_unless(false) == std::vector<std::uint32_t>{0});
  CHECK(count_here(store, blocks) == 0);
}

TEST_CASE_FIXTURE(GcFixture, "What was moved and becomes garbage meanwhile waits for the next collection") {
  struct LetsGo : base::Progress {
    explicit LetsGo(GcFixture& fixture) : fixture_(fixture) {}
    void advance(base::ByteCount) override { fixture_.refer("web1", blocks_of(0, 10)); }
    GcFixture& fixture_;
  };
  put(store, blocks_of(0, 200));
  refer("web1", blocks_of(0, 100));
  LetsGo between_the_steps(*this);
  collect_garbage(store, {}, between_the_steps);
  CHECK(count_got(store, blocks_of(0, 10)) == 10);
  collect();
  CHECK(count_here(store, blocks_of(0, 200)) == 10);
}

TEST_CASE_FIXTURE(GcFixture, "Only references made since are told apart from those seen before") {
  refer("web1", blocks_of(0, 10));
  refer("web2", blocks_of(20, 10));
  const auto with = [&](const auto& look) { store.folder().manifest().read(look); };
  chunkstore::ReferenceNumbers seen;
  with([&](const chunkstore::ReadTxn& txn) { seen = chunkstore::live_references(txn, "default"); });
  CHECK(seen.size() == 2);
  refer("web2", blocks_of(25, 10));
  refer("web3", blocks_of(30, 2));
  std::vector<model::BlockId> fresh;
  with([&](const chunkstore::ReadTxn& txn) {
    chunkstore::ReferredIds ids(txn, "default", seen);
    while (const auto id = ids.next())
      fresh.push_back(*id);
  });
  CHECK(fresh == blocks_of(25, 10).sorted_ids());
}

TEST_CASE_FIXTURE(GcFixture, "A source opened before still knows its places, and says so when they are gone") {
  put(store, blocks_of(0, 100));
  refer("web1", blocks_of(0, 10));
  const auto ids = blocks_of(0, 1).ids;
  const auto source = store.source({});
  const auto reader = source->reader();
  collect();
  base::Bytes block(4096);
  source->find(ids, [&](std::size_t, const chunkstore::Place& place) {
    CHECK_FALSE(reader->read(place, std::span<std::byte, 4096>(block)));
  });
  CHECK(count_got(store, blocks_of(0, 10)) == 10);
}

TEST_CASE_FIXTURE(GcFixture, "An expired lease holds nothing, a renewed one does") {
  put(store, blocks_of(0, 200));
  refer("gone", blocks_of(0, 100), Holder::lease, Clock::now() - 1s);
  refer("plan", blocks_of(100, 100), Holder::lease, Clock::now() + 1h);
  CHECK(store.references().renew({.holder = Holder::lease, .name = "plan"}, Clock::now() + 2h));
  CHECK_FALSE(store.references().renew({.holder = Holder::lease, .name = "gone"}, Clock::now() + 2h));
  collect();
  CHECK(count_here(store, blocks_of(0, 200)) == 100);
  CHECK(count_got(store, blocks_of(100, 100)) == 100);
  CHECK(store.references().list().size() == 1);
}

TEST_CASE_FIXTURE(GcFixture, "A holder that refers again lets go of what it referred to before") {
  put(store, blocks_of(0, 200));
  refer("web1", blocks_of(0, 200));
  refer("web1", blocks_of(0, 20));
  CHECK(store.references().list().at(0).ids == 20);
  collect();
  CHECK(count_here(store, blocks_of(0, 200)) == 20);
  CHECK(store.references().release({.holder = Holder::image, .name = "web1"}));
  CHECK_FALSE(store.references().release({.holder = Holder::image, .name = "web1"}));
  collect();
  CHECK(files("packs") == 0);
}

TEST_CASE_FIXTURE(GcFixture, "A reference to more ids than fit a transaction is whole") {
  std::vector<model::BlockId> ids(200'000);
  for (std::size_t i = 0; i < ids.size(); ++i) {
    const std::uint64_t swapped = __builtin_bswap64(i << 20);
    std::memcpy(ids[i].bytes.data(), &swapped, sizeof swapped);
  }
  store.references().refer({.name = "large"}, ids);
  store.folder().manifest().read([&](const chunkstore::ReadTxn& txn) {
    chunkstore::ReferredIds referred(txn, "default");
    for (const auto& id : ids)
      REQUIRE(referred.next() == id);
    CHECK_FALSE(referred.next());
  });
}

TEST_CASE_FIXTURE(GcFixture, "Within the quota nothing goes; above it the oldest goes first") {
  put(store, blocks_of(0, 320));
  const auto quota = store.pack_bytes();
  CHECK(collect({.keep_max = quota}).packs_removed == 0);
  make_older(100s);
  put(store, blocks_of(1000, 320));
  collect({.keep_max = quota});
  CHECK(count_here(store, blocks_of(0, 320)) == 0);
  CHECK(count_got(store, blocks_of(1000, 320)) == 320);
}

TEST_CASE_FIXTURE(GcFixture,
                  "A put with a quota makes room: the oldest goes first, what is needed or was just put stays") {
  put(store, blocks_of(0, 320));
  refer("web1", blocks_of(0, 64));
  make_older(100s);
  put(store, blocks_of(1000, 320));
  make_older(100s);
  const auto quota = store.pack_bytes();
  auto writer = store.write({}, {.threads = 2, .size_max = quota});
  const auto put_more = [&](const Blocks& blocks) {
    writer.put(blocks.ids, blocks.bytes);
    return writer.commit();
  };
  // Some of the oldest come by again.
  const Blocks again = blocks_of(100, 10);
  writer.put(again.ids, again.bytes);
  CHECK(put_more(blocks_of(2000, 200)) == 200);
  CHECK(store.pack_bytes() <= quota);
  CHECK(count_got(store, blocks_of(0, 64)) == 64);
  CHECK(count_got(store, again) == 10);
  CHECK(count_here(store, blocks_of(0, 320)) == 74);
  CHECK(count_got(store, blocks_of(1000, 320)) == 320);
  CHECK(count_got(store, blocks_of(2000, 200)) == 200);
  // The writer goes on where the pack that it filled has gone.
  make_older(100s);
  CHECK(put_more(blocks_of(3000, 320)) == 320);
  CHECK(store.pack_bytes() <= quota);
  CHECK(count_got(store, blocks_of(3000, 320)) == 320);
  CHECK(count_got(store, blocks_of(0, 64)) == 64);
  CHECK(count_here(store, blocks_of(1000, 320)) == 0);
  CHECK(store.references().list().size() == 1);
}

TEST_CASE_FIXTURE(GcFixture, "What is needed stays above a quota, and a put is not refused for it") {
  put(store, blocks_of(0, 320));
  refer("web1", blocks_of(0, 320));
  const Blocks more = blocks_of(1000, 320);
  auto writer = store.write({}, {.threads = 2, .size_max = base::ByteCount(100 * base::kKiB)});
  writer.put(more.ids, more.bytes);
  CHECK(writer.commit() == 320);
  CHECK(count_got(store, blocks_of(0, 320)) == 320);
  CHECK(count_got(store, more) == 320);
}

TEST_CASE_FIXTURE(GcFixture, "A forgotten realm is gone for good, others stay") {
  const chunkstore::StoreRealm other{.name = "other"};
  put(store, blocks_of(0, 100));
  put(store, blocks_of(0, 100), other);
  store.references().refer({.realm = "other", .holder = Holder::image, .name = "web1"},
                           blocks_of(0, 100).sorted_ids());
  CHECK(forget_realm(store, "other", {}).blocks_dropped == 100);
  CHECK(count_here(store, blocks_of(0, 100), other) == 0);
  CHECK(store.references().list().empty());
  CHECK(files("packs") == 1);
  CHECK(count_got(store, blocks_of(0, 100)) == 100);
  CHECK(is_not_found([&] { forget_realm(store, "other", {}); }));
}

TEST_CASE_FIXTURE(GcFixture, "A forgotten image takes along what nobody else refers to, to the last block") {
  put(store, blocks_of(0, 400));
  refer("web1", blocks_of(0, 210));
  refer("web2", blocks_of(200, 200));
  base::Progress silent;
  CHECK(forget_image(store, "web1", {}, silent).blocks_dropped == 200);
  CHECK(count_here(store, blocks_of(0, 200)) == 0);
  CHECK(count_got(store, blocks_of(200, 200)) == 200);
  CHECK(is_not_found([&] { forget_image(store, "web1", {}, silent); }));
}

TEST_CASE_FIXTURE(GcFixture, "Garbage in a pack that is mostly needed waits until there is more of it") {
  put(store, blocks_of(0, 400));
  refer("web1", blocks_of(0, 390));
  CHECK(collect().packs_removed == 0);
  CHECK(collect({.garbage_min = 0}).packs_rewritten == 1);
  CHECK(count_got(store, blocks_of(0, 400)) == 390);
}
