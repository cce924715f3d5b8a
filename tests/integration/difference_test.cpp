// What a node that holds some guests finds of another guest's disk, and what finding it costs on the link.
#include <chrono>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include <doctest/doctest.h>
#include <nlohmann/json.hpp>

#include "base/file.hpp"
#include "base/progress.hpp"
#include "base/text.hpp"
#include "describe/guest.hpp"
#include "disk/chain.hpp"
#include "disk/nbd_server.hpp"
#include "disk/open.hpp"
#include "disk/scan.hpp"
#include "match/overlap.hpp"
#include "support/difference_world.hpp"
#include "support/skip.hpp"
#include "support/world.hpp"

using namespace jaunt;
namespace fs = std::filesystem;

namespace {

using test_support::WorldGuest;

// The trees of guests, made when they are asked for; in a folder that stays where JAUNT_DIFFERENCE_TREES names one.
class Trees {
 public:
  static Trees& shared() {
    static Trees trees;
    return trees;
  }

  const model::TreeView& of(const WorldGuest& guest, bool elided) {
    const fs::path path = folder_ / (guest.folder.filename().string() + (elided ? ".elided" : ".tree"));
    auto& tree = trees_[path];
    if (!tree) {
      if (!fs::exists(path))
        scan(guest, elided, path);
      tree = std::make_unique<model::TreeFile>(path);
    }
    return tree->view();
  }

 private:
  Trees() {
    const char* const kept = std::getenv("JAUNT_DIFFERENCE_TREES");
    if (kept == nullptr)
      temporary_.emplace("/var/tmp");
    folder_ = kept == nullptr ? temporary_->path() : fs::path(kept);
  }

  static void scan(const WorldGuest& guest, bool elided, const fs::path& path) {
    const disk::Chain chain = disk::resolve_chain({.path = guest.disk, .format = guest.format},
                                                  {.folders = {fs::canonical(guest.folder)}, .devices = {}});
    base::Progress silent;
    disk::ScanOptions options{.tree_path = path};
    if (elided) {
      const auto server = disk::NbdServer::start(chain);
      const describe::InspectOptions how{.force_tcg = true,
                                         .in_use = false,
                                         .cache_folder = "/var/cache/jaunt/appliance",
                                         .confine_program = {},
                                         .on_file = {}};
      options.elided = describe::inspect_guest({server->address()}, how, silent, {}).elidable.at(0);
    }
    disk::scan(*disk::open_image(chain), options, silent);
  }

  std::optional<base::TemporaryDirectory> temporary_;
  fs::path folder_;
  std::map<fs::path, std::unique_ptr<model::TreeFile>> trees_;
};

struct Counted {
  std::uint64_t base = 0;
  std::uint64_t local = 0;
  std::uint64_t wire = 0;
  std::uint64_t runs = 0;
};

// Walks the runs beside the disk's ids; every block that is found must be where it is said to be, every other one
// nowhere.
Counted count_exactly(const model::TreeView& wanted, const testing::Difference& found,
                      const std::vector<const model::TreeView*>& held, const model::TreeView* base) {
  const sync::CarriedTree carried(wanted, wanted.elided());
  Counted counted;
  std::uint64_t at = 0;
  std::uint64_t wrong = 0;
  for (const sync::Run& run : found.runs) {
    wrong += run.first.value != at ? 1 : 0;
    counted.runs += run.origin == sync::Origin::zero ? 0 : 1;
    for (std::uint64_t i = 0; run.origin != sync::Origin::zero && i < run.blocks; ++i) {
      const model::BlockIndex block(at + i);
      const auto id = wanted.id_at(block);
      if (!id) {
        ++wrong;
      } else if (run.origin == sync::Origin::base) {
        ++counted.base;
        wrong += base == nullptr || base->id_at(block) != id ? 1 : 0;
      } else if (run.origin == sync::Origin::local) {
        ++counted.local;
        const auto place = run.spot.at(i).place;
        wrong += held[place.part]->id_at(model::BlockIndex(place.block)) != id ? 1 : 0;
      } else {
        ++counted.wire;
        for (const model::TreeView* tree : held)
          wrong += tree->rank_of(*id) ? 1 : 0;
      }
    }
    at += run.blocks;
  }
  CHECK(wrong == 0);
  CHECK(at == carried.blocks());
  return counted;
}

struct Scenario {
  std::string held;                 // for people
  std::vector<std::string> guests;  // the first is the base
};

const std::vector<Scenario>& scenarios() {
  static const std::vector<Scenario> all{
      {"nothing", {}},
      {"minimal", {"minimal"}},
      {"web-base", {"web-base"}},
      {"all",
       {"web-base", "minimal", "minimal-updated", "minimal-independent", "web-compiled", "web-small", "rpm",
        "xfs-lvm", "luks", "no-os"}},
  };
  return all;
}

// One line for bench/difference, where it asked for them.
void report(const nlohmann::json& line) {
  if (const char* const path = std::getenv("JAUNT_DIFFERENCE_REPORT"))
    std::ofstream(path, std::ios::app) << line.dump() << '\n';
}

double seconds_of(const std::function<void()>& work) {
  const auto start = std::chrono::steady_clock::now();
  work();
  return std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
}

// Compares, checks against what matching every id gives, prints one line, and tells the protocol's own bytes.
base::ByteCount measure(const std::string& name, const model::TreeView& wanted, const Scenario& scenario) {
  std::vector<const model::TreeView*> held;
  for (const std::string& guest : scenario.guests)
    if (const auto built = test_support::world_guest(guest))
      held.push_back(&Trees::shared().of(*built, false));
  const testing::TreeSource source(held);
  const model::TreeView* base = held.empty() ? nullptr : held[0];
  testing::Difference found;
  const double seconds = seconds_of([&] {
    found = testing::compare(wanted, wanted.elided(), {base, {&source}}, testing::Samples::asked);
  });
  const Counted counted = count_exactly(wanted, found, held, base);
  const auto overlap = match::overlap(wanted, wanted.elided(), held);
  CHECK(counted.base + counted.local == overlap.found_blocks);
  CHECK(counted.base + counted.local + counted.wire == overlap.needed_blocks);
  const sync::Traffic& traffic = found.traffic;
  const nlohmann::json line = {{"disk", name},
                               {"held", scenario.held},
                               {"needed_blocks", overlap.needed_blocks},
                               {"base_blocks", counted.base},
                               {"local_blocks", counted.local},
                               {"wire_blocks", counted.wire},
                               {"runs", counted.runs},
                               {"asked_bytes", traffic.asked.value},
                               {"answered_bytes", traffic.answered.value},
                               {"messages", traffic.messages},
                               {"round_trips", traffic.round_trips},
                               {"seconds", seconds}};
  MESSAGE(line.dump());
  report(line);
  return traffic.total();
}

}  // namespace

TEST_CASE("All that is here of an independent server is found, for at most 3 MB of questions and answers") {
  JAUNT_NEED_GUEST(guest, "web-independent");
  const model::TreeView& wanted = Trees::shared().of(guest, true);
  for (const Scenario& scenario : scenarios())
    CHECK(measure("web-independent", wanted, scenario) <= base::ByteCount(3'000'000));
}

TEST_CASE("All that is here of a clone is found, for at most 0.8 MB where its base is here") {
  JAUNT_NEED_GUEST(guest, "web-clone");
  const model::TreeView& wanted = Trees::shared().of(guest, true);
  for (const Scenario& scenario : scenarios())
    CHECK(measure("web-clone", wanted, scenario) <=
          base::ByteCount(scenario.held == "minimal" ? 3'000'000 : 800'000));
}
