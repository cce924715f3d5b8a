// A rescan whose disk fails, fills up or loses its power: what the catalog then says is true, and the next rescan
// makes it whole.
#include <csignal>
#include <cstdio>
#include <map>
#include <thread>

#include <doctest/doctest.h>

#include "base/process.hpp"
#include "chunkstore/catalog.hpp"
#include "disk_fault.hpp"
#include "support/seed.hpp"
#include "support/store_fixture.hpp"

using namespace jaunt;
using namespace jaunt::testing;
using namespace std::chrono_literals;
namespace fs = std::filesystem;

namespace {

using Roots = std::map<fs::path, base::Hash32>;  // of the trees of layers

// Three images, and homes that catalogue them.
class Farm {
 public:
  Farm() {
    for (std::uint64_t i = 0; i < 3; ++i) {
      const Blocks blocks = blocks_of(i * 100, 200 + i);
      base::write_text_file(folder_.path() / (std::to_string(i) + ".raw"),
                            {reinterpret_cast<const char*>(blocks.bytes.data()), blocks.bytes.size()});
    }
    std::this_thread::sleep_for(25ms);  // files of this very instant are only hints
  }

  const fs::path& images() const { return folder_.path(); }

  base::Captured jaunt(const fs::path& home, std::vector<std::string> words,
                       std::vector<std::string> environment = {}) const {
    words.insert(words.begin(), JAUNT_PROGRAM);
    environment.insert(environment.end(), {"JAUNT_HOME=" + home.string(), "JAUNT_IMAGES_POOLS=false",
                                           "JAUNT_IMAGES_FOLDERS=" + images().string()});
    return base::run({.argv = std::move(words), .environment = std::move(environment), .confinement = {}}, 120s,
                     base::ByteCount(base::kMiB));
  }
  base::Captured rescan(const fs::path& home, const std::vector<std::string>& environment = {}) const {
    return jaunt(home, {"catalog", "rescan", "--urgent", "--quiet"}, environment);
  }

 private:
  base::TemporaryDirectory folder_{quick_folder()};
};

// A home in which nothing was read yet.
class Home {
 public:
  explicit Home(const Farm& farm) {
    REQUIRE(farm.jaunt(path(), {"catalog", "add", farm.images().string()}).status.success());
  }
  const fs::path& path() const { return folder_.path(); }

  // What it knows for certain, all of which can be read.
  Roots roots() const {
    const chunkstore::Catalog catalog(path());
    Roots known;
    for (const chunkstore::LayerRecord& record : catalog.layers()) {
      const chunkstore::LayerFile tree(catalog.tree_path(record));
      tree->verify();
      REQUIRE(tree->root() == record.root);
      if (!record.hint)
        known[record.path()] = record.root;
    }
    return known;
  }
  std::size_t trees() const {
    std::size_t count = 0;
    for (const auto& file : fs::recursive_directory_iterator(path() / "trees"))
      count += file.is_regular_file() ? 1 : 0;
    return count;
  }

 private:
  base::TemporaryDirectory folder_{quick_folder()};
};

struct Fault {
  std::string kind;
  std::uint64_t at;
  std::uint64_t seed;
};

// Returns whether the fault was felt.
bool survive(const Farm& farm, const Roots& all, const Fault& fault, bool of_images) {
  const Home home(farm);
  const auto struck =
      farm.rescan(home.path(), disk_fault(of_images ? farm.images() : home.path(), fault.kind, fault.at, fault.seed));
  INFO(fault.kind, ":", fault.at, ":", fault.seed, " ended with ", struck.status.describe(), ": ", struck.err);
  CHECK((struck.status.signal == 0 || (struck.status.signal == SIGKILL && fault.kind == "cut")));
  for (const auto& [path, root] : home.roots())
    CHECK(all.at(path) == root);
  const auto next = farm.rescan(home.path());
  INFO("the next rescan: ", next.err);
  CHECK(next.status.success());
  CHECK(home.roots() == all);
  CHECK(home.trees() == all.size());
  return !struck.status.success();
}

// At some operations of a rescan; in a full campaign at every one.
void strike(const std::string& kind, bool of_images, std::uint64_t times) {
  const Farm farm;
  const Home sound(farm);
  const auto counted = farm.rescan(sound.path(), disk_count(of_images ? farm.images() : sound.path()));
  REQUIRE(counted.status.success());
  const std::uint64_t operations = operations_in(counted.err);
  const Roots all = sound.roots();
  REQUIRE(all.size() == 3);
  REQUIRE(operations >= 3);
  std::uint64_t struck = 0;
  std::uint64_t felt = 0;
  const auto once = [&](std::uint64_t at, std::uint64_t seed) {
    ++struck;
    felt += survive(farm, all, {.kind = kind, .at = at, .seed = seed}, of_images) ? 1 : 0;
  };
  if (full_campaign())
    for (std::uint64_t at = 1; at <= operations; ++at)
      once(at, at);
  for_seeds(1, [&](std::mt19937_64& random) {
    for (std::uint64_t i = 0; i < times; ++i)
      once(1 + random() % operations, random() >> 1);
  });
  std::printf("campaign: %s struck %lu rescans of %lu operations on %s, %lu of them failed, no tree wrong\n",
              kind.c_str(), struck, operations, of_images ? "the images" : "the home", felt);
  CHECK(felt > 0);
}

}  // namespace

TEST_CASE("A read, write or sync of the catalog that fails at any time leaves what is true") {
  JAUNT_NEED_FAULTY_DISK();
  strike("io", false, 6);
}

TEST_CASE("A disk that fills up under the catalog leaves what is true") {
  JAUNT_NEED_FAULTY_DISK();
  strike("space", false, 6);
}

TEST_CASE("A power cut during a rescan leaves what is true") {
  JAUNT_NEED_FAULTY_DISK();
  strike("cut", false, 6);
}

TEST_CASE("An image that cannot be read at some place is not known, and the others are") {
  JAUNT_NEED_FAULTY_DISK();
  strike("io", true, 3);
}
