// jaunt store as people use it, on a store that has blocks.
#include <fstream>

#include <doctest/doctest.h>

#include "integration/two_homes.hpp"
#include "support/store_fixture.hpp"

using namespace jaunt;
using test_support::Json;
using testing::blocks_of;
using testing::put;
namespace fs = std::filesystem;

namespace {

// A home whose store is looked at through the program alone, but filled by the library.
struct StoreHome : test_support::TwoHomes {
  chunkstore::Store store{destination};

  Json ask(std::vector<std::string> words, int code = 0) const {
    words.insert(words.begin(), "store");
    words.push_back("--json");
    const base::Captured result = jaunt(words);
    INFO(result.out << result.err);
    REQUIRE(result.status.code == code);
    return Json::parse(result.out);
  }
  void keep(chunkstore::Holder holder, const std::string& name, const testing::Blocks& blocks,
            const std::string& realm = "default") const {
    put(store, blocks, {.name = realm});
    store.references().refer({.realm = realm, .holder = holder, .name = name}, blocks.sorted_ids());
  }
  void scratch(std::uint64_t at) const {
    base::File::open(destination / "store/packs/00000000.pack", O_RDWR)
        .write_all(base::ByteOffset(at), base::as_bytes("a scratch on the disk"));
  }
  // An image here with these blocks of the store's tests.
  fs::path image_with(const std::string& name, const testing::Blocks& blocks) const {
    std::ofstream(images / name, std::ios::binary)
        .write(reinterpret_cast<const char*>(blocks.bytes.data()), static_cast<std::streamsize>(blocks.bytes.size()));
    return images / name;
  }
  void known(const std::string& name, const testing::Blocks& blocks) const {
    test_support::catalogue(destination, image_with(name, blocks), "raw");
  }
};

using chunkstore::Holder;

}  // namespace

TEST_CASE_FIXTURE(StoreHome, "What was kept for an image goes with its snapshots, and nothing else does") {
  keep(Holder::image, "web1 vda", blocks_of(0, 100));
  keep(Holder::snapshot, "web1 vda @before", blocks_of(50, 100));
  keep(Holder::image, "web10 vda", blocks_of(140, 60));
  keep(Holder::lease, "plan 1", blocks_of(0, 10));
  keep(Holder::image, "web1 vda", blocks_of(0, 30), "lab");
  CHECK(ask({"stats"})["referred_blocks"] == 230);
  const Json report = ask({"forget", "web1 vda"});
  CHECK(report["blocks_dropped"] == 160);  // 10 to 139 here, 30 in the lab
  CHECK(count_here(store, blocks_of(0, 10)) == 10);
  CHECK(count_here(store, blocks_of(10, 130)) == 0);
  CHECK(count_got(store, blocks_of(140, 60)) == 60);
  const Json stats = ask({"stats"});
  CHECK(stats["stored_blocks"] == 70);
  CHECK(stats["references"].size() == 2);
  const base::Captured again = jaunt({"store", "forget", "web1 vda"});
  CHECK(again.status.code == 1);
  CHECK(again.err.find("jaunt store stats") != again.err.npos);
}

TEST_CASE_FIXTURE(StoreHome, "A realm is forgotten for good, whatever refers to it, and the others stay") {
  keep(Holder::image, "web1 vda", blocks_of(0, 100));
  keep(Holder::job, "job 1", blocks_of(0, 200), "customer7");
  CHECK(ask({"forget", "customer7"})["packs_removed"] == 1);
  const Json stats = ask({"stats"});
  CHECK(stats["realms"] == Json::array({"default"}));
  CHECK(stats["stored_blocks"] == 100);
  CHECK(std::distance(fs::directory_iterator(destination / "store/packs"), {}) == 1);
  CHECK(jaunt({"store", "forget", "customer7"}).status.code == 1);
}

TEST_CASE_FIXTURE(StoreHome, "Lost blocks are named, and repaired from images as soon as there are some") {
  const testing::Blocks all = blocks_of(0, 256);
  keep(Holder::image, "web1 vda", all);
  scratch(1000);     // in the first of four groups
  scratch(150'000);  // and another
  const Json lost = ask({"verify"}, 14);
  CHECK(lost["blocks_lost"] == 128);
  CHECK(lost["damaged_groups"] == 2);
  CHECK(lost["lost"].size() == 128);
  CHECK(lost["lost"][0]["referred_to"] == true);
  CHECK(ask({"stats"})["damaged_groups"] == 2);

  const Json without = ask({"verify", "--repair"}, 14);
  CHECK(without["blocks_repaired"] == 0);
  known("some.raw", blocks_of(0, 64));
  const Json some = ask({"verify", "--repair"}, 14);
  CHECK(some["blocks_lost"] == 128);
  CHECK(some["blocks_repaired"] == 64);
  known("others.raw", blocks_of(60, 200));
  const Json rest = ask({"verify", "--repair"}, 3);
  CHECK(rest["blocks_lost"] == 64);
  CHECK(rest["blocks_repaired"] == 64);
  CHECK(ask({"verify"})["blocks_lost"] == 0);
  CHECK(count_got(store, all) == 256);
}

TEST_CASE_FIXTURE(StoreHome, "Lost blocks of a keyed realm are repaired with its key, and with no other") {
  model::RealmKey key;
  key.fill(std::byte{0x5a});
  const testing::Blocks all = blocks_of(0, 128, key);
  put(store, all, {.name = "customer7", .key = key});
  scratch(1000);
  test_support::catalogue(destination, image_with("some.raw", all), "raw", {"customer7", key});
  const auto verify = [&](const std::string& digits) {
    base::write_text_file(folder.path() / "key", digits);
    return jaunt({"store", "verify", "--json", "--repair", "--key", "customer7=" + (folder.path() / "key").string()});
  };
  CHECK(ask({"verify", "--repair"}, 14)["blocks_repaired"] == 0);
  CHECK(verify(std::string(64, 'b')).status.code == 14);
  for (const char* wrong : {"5a", "no key at all"}) {
    const base::Captured refused = verify(wrong);
    CHECK(refused.status.code == 2);
    CHECK(refused.out.find("64 hexadecimal digits") != refused.out.npos);
  }
  std::string digits;
  for (int i = 0; i < 32; ++i)
    digits += "5a";
  const base::Captured repaired = verify(digits + "\n");
  INFO(repaired.err);
  CHECK(repaired.status.code == 3);
  CHECK(Json::parse(repaired.out)["blocks_repaired"] == 64);
  CHECK(ask({"verify"})["blocks_lost"] == 0);
  CHECK(count_got(store, all, {.name = "customer7", .key = key}) == 128);
}

TEST_CASE_FIXTURE(StoreHome, "The quota is the configuration's, or the one that is given") {
  for (std::uint64_t i = 0; i < 3; ++i)
    put(store, blocks_of(0, 1600), {.name = "realm" + std::to_string(i)});  // of which every fifth is noise
  const std::uint64_t bytes = ask({"stats"})["pack_bytes"];
  const std::uint64_t quota = bytes * 3 / 4;
  REQUIRE(quota > base::kMiB);
  base::write_text_file(destination / "jaunt.toml", "[store]\nkeep = \"" + std::to_string(quota) + "\"\n");
  const Json kept = ask({"gc"});
  CHECK(kept["bytes_after"] <= quota);
  CHECK(kept["bytes_after"] > bytes / 2);
  CHECK(ask({"gc"})["packs_removed"] == 0);
  CHECK(ask({"gc", "--keep", "1GiB"})["packs_removed"] == 0);
  CHECK(ask({"gc", "--keep", "0"})["bytes_after"] == 0);
}
