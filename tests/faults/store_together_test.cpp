// Several processes at once on one store: two write, collect garbage and verify in turn, two read what they refer to.
#include <cstdio>
#include <map>
#include <string>
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
const std::vector<std::string> kWriters = {"writer1", "writer2"};
const std::vector<std::string> kReaders = {"reader1", "reader2"};

// Programs that run beside one another.
class Crowd {
 public:
  void start(const std::string& name, const std::vector<std::string>& argv) {
    const auto file = base::File::open(folder_.path() / name, O_RDWR | O_CREAT);
    children_.emplace(name, base::Child::start({.argv = argv, .environment = {}, .confinement = {}},
                                               {.in = -1, .out = file.fd(), .err = file.fd()}));
  }
  void expect_success(const std::string& name, std::chrono::seconds patience) {
    const auto ended = children_.at(name).wait_for(patience);
    INFO(name, " said: ", output(name));
    REQUIRE(ended.has_value());
    REQUIRE(ended->success());
  }
  std::string path(const std::string& name) const { return (folder_.path() / name).string(); }
  std::string output(const std::string& name) const {
    return base::read_text_file(folder_.path() / name, base::ByteCount(base::kMiB));
  }

 private:
  base::TemporaryDirectory folder_{quick_folder()};
  std::map<std::string, base::Child> children_;
};

}  // namespace

TEST_CASE("Processes that write, collect and read at once lose no promised block") {
  std::size_t promised = 0;
  for_seeds(1, [&](std::mt19937_64& random) {
    Crowd crowd;
    const std::string home = crowd.path("home");
    std::filesystem::create_directory(home);
    put(chunkstore::Store(home), blocks_of(0, kStoryBlocks));
    for (const std::string& name : kReaders)
      crowd.start(name, {JAUNT_STORE_VISITOR, home, std::to_string(random() >> 1), crowd.path("end")});
    for (const std::string& name : kWriters)
      crowd.start(name, {JAUNT_STORE_ACTOR, home, std::to_string(random() >> 1), "0", std::to_string(kSteps),
                         crowd.path(name + ".journal")});
    for (const std::string& name : kWriters)
      crowd.expect_success(name, 300s);
    base::write_text_file(crowd.path("end"), "");
    for (const std::string& name : kReaders)
      crowd.expect_success(name, 60s);
    for (const std::string& name : kReaders)
      promised += std::stoull(crowd.output(name));
    base::Progress silent;
    const auto report = verify_store(chunkstore::Store(home), {}, silent);
    CHECK(report.blocks_lost == 0);
    CHECK(report.index_rebuilt == 0);
  });
  std::printf("campaign: two writers and two readers at once, %zu blocks promised, none lost or wrong\n", promised);
  CHECK(promised > 1000);
}
