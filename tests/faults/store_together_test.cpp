// Several processes at once on one store: two write, collect garbage and verify in turn, two read what they refer to.
#include <cstdio>
#include <list>
#include <vector>

#include <doctest/doctest.h>

#include "base/process.hpp"
#include "chunkstore/store_verify.hpp"
#include "store_story.hpp"
#include "support/seed.hpp"
#include "support/store_fixture.hpp"

using namespace jaunt;
using namespace jaunt::testing;
using namespace std::chrono_literals;

namespace {

constexpr std::size_t kSteps = 60;

// Programs that run beside one another.
class Crowd {
 public:
  base::Child& start(const std::vector<std::string>& argv, const std::string& output) {
    const auto file = base::File::open(folder_.path() / output, O_RDWR | O_CREAT);
    children_.push_back(base::Child::start({.argv = argv, .environment = {}, .confinement = {}},
                                           {.in = -1, .out = file.fd(), .err = file.fd()}));
    return children_.back();
  }
  std::string path(const std::string& name) const { return (folder_.path() / name).string(); }
  std::string output(const std::string& name) const {
    return base::read_text_file(folder_.path() / name, base::ByteCount(base::kMiB));
  }

 private:
  base::TemporaryDirectory folder_{quick_folder()};
  std::list<base::Child> children_;
};

}  // namespace

TEST_CASE("Processes that write, collect and read at once lose no promised block") {
  std::size_t promised = 0;
  for_seeds(1, [&](std::mt19937_64& random) {
    Crowd crowd;
    const std::string home = crowd.path("home");
    std::filesystem::create_directory(home);
    put(chunkstore::Store(home), blocks_of(0, kStoryBlocks));
    std::vector<base::Child*> readers;
    std::vector<base::Child*> writers;
    for (const std::string name : {"reader1", "reader2"})
      readers.push_back(
          &crowd.start({JAUNT_STORE_VISITOR, home, std::to_string(random() >> 1), crowd.path("end")}, name));
    for (const std::string name : {"writer1", "writer2"})
      writers.push_back(&crowd.start({JAUNT_STORE_ACTOR, home, std::to_string(random() >> 1), "0",
                                      std::to_string(kSteps), crowd.path(name + ".journal")},
                                     name));
    for (base::Child* const writer : writers) {
      const auto ended = writer->wait_for(300s);
      REQUIRE(ended.has_value());
      CHECK(ended->success());
    }
    base::write_text_file(crowd.path("end"), "");
    for (base::Child* const reader : readers) {
      const auto ended = reader->wait_for(60s);
      REQUIRE(ended.has_value());
      CHECK(ended->success());
    }
    for (const std::string name : {"writer1", "writer2", "reader1", "reader2"})
      INFO(name, ": ", crowd.output(name));
    for (const std::string name : {"reader1", "reader2"})
      promised += std::stoull(crowd.output(name));
    base::Progress silent;
    const auto report = verify_store(chunkstore::Store(home), {}, silent);
    CHECK(report.blocks_lost == 0);
    CHECK(report.index_rebuilt == 0);
  });
  std::printf("campaign: two writers and two readers at once, %zu blocks promised, none lost or wrong\n", promised);
  CHECK(promised > 1000);
}
