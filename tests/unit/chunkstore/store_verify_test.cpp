#include "chunkstore/store_verify.hpp"

#include <doctest/doctest.h>

#include "chunkstore/pack_appender.hpp"
#include "chunkstore/store_gc.hpp"
#include "support/store_fixture.hpp"

using namespace jaunt;
using namespace jaunt::testing;

namespace {

struct VerifyFixture : StoreFixture {
  chunkstore::VerifyReport verify(const chunkstore::VerifyOptions& options = {}) {
    base::Progress silent;
    return verify_store(store, options, silent);
  }

  void scratch(const std::string& file, std::uint64_t at) {
    base::File::open(home.path() / "store" / file, O_RDWR)
        .write_all(base::ByteOffset(at), base::as_bytes("a scratch on the disk"));
  }

  // Later blocks go into a pack of their own.
  void end_pack() {
    store.folder().manifest().write([&](chunkstore::WriteTxn& txn) {
      for (auto& pack : chunkstore::manifest::packs(txn)) {
        pack.bytes = std::max<std::uint64_t>(pack.bytes, chunkstore::PackAppender::kPackBytesMax);
        chunkstore::manifest::put(txn, pack);
      }
    });
  }
};

}  // namespace

TEST_CASE_FIXTURE(VerifyFixture, "A sound store verifies, after several commits too") {
  put(store, blocks_of(0, 100));
  put(store, blocks_of(100, 1));
  put(store, blocks_of(200, 100));
  const auto report = verify();
  CHECK(report.packs_read == 1);
  CHECK(report.blocks_lost == 0);
  CHECK(report.packs_left == 0);
}

TEST_CASE_FIXTURE(VerifyFixture, "Damage is found and named: the blocks of the damaged groups, and no others") {
  const Blocks blocks = blocks_of(0, 640);
  put(store, blocks);
  store.references().refer({.name = "plan"}, blocks.sorted_ids());
  scratch("packs/00000000.pack", 150'000);
  const auto report = verify();
  CHECK(report.damaged_groups == 1);
  CHECK(report.blocks_lost == 64);
  REQUIRE(report.lost.size() == 64);
  for (const auto& lost : report.lost)
    CHECK((lost.realm == "default" && lost.referred_to && std::ranges::count(blocks.ids, lost.id) == 1));
  CHECK(count_got(store, blocks) == 576);
  const auto again = verify();
  CHECK(again.damaged_groups == 0);
  CHECK(again.blocks_lost == 64);
  CHECK(put(store, blocks) == 64);
  CHECK(count_got(store, blocks) == 640);
  CHECK(verify().blocks_lost == 0);
}

TEST_CASE_FIXTURE(VerifyFixture, "A pack that is gone, cut short or without its header loses what was there") {
  const Blocks blocks = blocks_of(0, 640);
  put(store, blocks);
  const auto path = home.path() / "store/packs/00000000.pack";
  SUBCASE("gone") {
    std::filesystem::remove(path);
    CHECK(verify().blocks_lost == 640);
    CHECK(put(store, blocks) == 640);
  }
  SUBCASE("cut short") {
    std::filesystem::resize_file(path, 300'000);
    const auto lost = verify().blocks_lost;
    CHECK(lost > 0);
    CHECK(lost < 640);
    CHECK(put(store, blocks) == lost);
  }
  SUBCASE("without its header") {
    scratch("packs/00000000.pack", 0);
    CHECK(verify().blocks_lost == 0);
  }
  CHECK(count_got(store, blocks) == 640);
}

TEST_CASE_FIXTURE(VerifyFixture, "A share reads so much, and the next call goes on where it ended") {
  for (std::uint64_t i = 0; i < 4; ++i) {
    put(store, blocks_of(i * 100, 100));
    end_pack();
  }
  CHECK(verify({.share = 0.2}).packs_left == 3);
  CHECK(verify({.share = 0.2}).packs_left == 2);
  CHECK(verify().packs_read == 2);
  CHECK(verify().packs_read == 4);
}

TEST_CASE_FIXTURE(VerifyFixture, "What was lost is mended from a source that still has it") {
  const Blocks blocks = blocks_of(0, 640);
  put(store, blocks);
  StoreFixture other;
  put(other.store, blocks_of(0, 500));
  const auto source = other.store.source({});
  scratch("packs/00000000.pack", 1000);
  scratch("packs/00000000.pack", std::filesystem::file_size(home.path() / "store/packs/00000000.pack") - 2000);
  const auto report =
      verify({.repair_from = [&](const std::string&) { return chunkstore::RepairSource{source.get()}; }});
  CHECK(report.blocks_lost == 128);
  CHECK(report.blocks_repaired == 64);
  CHECK(count_got(store, blocks) == 576);
}

TEST_CASE_FIXTURE(VerifyFixture, "What was found damaged earlier is mended too, whatever was put meanwhile") {
  const Blocks blocks = blocks_of(0, 128);
  put(store, blocks);
  scratch("packs/00000000.pack", 1000);
  CHECK(count_got(store, blocks) < 128);  // noted by the reading
  CHECK(count_got(store, blocks) == 64);
  put(store, blocks_of(1000, 300));       // the index is written anew
  StoreFixture other;
  put(other.store, blocks);
  const auto source = other.store.source({});
  const auto report =
      verify({.repair_from = [&](const std::string&) { return chunkstore::RepairSource{source.get()}; }});
  CHECK(report.blocks_lost == 64);
  CHECK(report.blocks_repaired == 64);
  REQUIRE(report.lost.size() == 64);
  CHECK(std::ranges::all_of(report.lost, &chunkstore::LostBlock::repaired));
  CHECK(count_got(store, blocks) == 128);
  CHECK(verify().blocks_lost == 0);
}

TEST_CASE_FIXTURE(VerifyFixture, "A realm with a key is mended by who has the key, and by nobody else") {
  const model::RealmKey key{std::byte{7}};
  const chunkstore::StoreRealm realm{.name = "lab", .key = key};
  const Blocks blocks = blocks_of(0, 64, key);
  put(store, blocks, realm);
  scratch("packs/00000000.pack", 1000);
  StoreFixture other;
  put(other.store, blocks, realm);
  const auto source = other.store.source(realm);
  const auto without =
      verify({.repair_from = [&](const std::string&) { return chunkstore::RepairSource{source.get()}; }});
  CHECK(without.blocks_lost == 64);
  CHECK(without.blocks_repaired == 0);
  const auto with = verify({.repair_from = [&](const std::string& name) {
    CHECK(name == "lab");
    return chunkstore::RepairSource{source.get(), key};
  }});
  CHECK(with.blocks_repaired == 64);
  CHECK(count_got(store, blocks, realm) == 64);
}

TEST_CASE_FIXTURE(VerifyFixture, "What a pack has lost is forgotten with the pack") {
  const Blocks blocks = blocks_of(0, 128);
  put(store, blocks);
  scratch("packs/00000000.pack", 1000);
  CHECK(verify().blocks_lost == 64);
  base::Progress silent;
  collect_garbage(store, {.garbage_min = 0}, silent);
  CHECK(verify().blocks_lost == 0);
}

TEST_CASE_FIXTURE(VerifyFixture, "A damaged or lost part of the index is made again from the packs") {
  put(store, blocks_of(0, 300));
  put(store, blocks_of(300, 50));
  const auto segment = std::filesystem::directory_iterator(home.path() / "store/index")->path();
  SUBCASE("damaged") {
    scratch("index/" + segment.filename().string(), 200);
  }
  SUBCASE("lost") {
    std::filesystem::remove(segment);
  }
  const chunkstore::Store later(home.path());
  CHECK(verify().index_rebuilt == 1);
  CHECK(count_got(store, blocks_of(0, 350)) == 350);
  CHECK(verify().index_rebuilt == 0);
}
