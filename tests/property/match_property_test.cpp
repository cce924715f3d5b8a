#include <algorithm>
#include <cmath>
#include <cstring>
#include <optional>
#include <set>

#include "match/coverage.hpp"
#include "match/estimate.hpp"
#include "match/in_place.hpp"
#include "match/overlap.hpp"
#include "match/ranking.hpp"
#include "model/tree_writer.hpp"
#include "support/seed.hpp"
#include "support/tree_fixture.hpp"

using namespace jaunt;
using match::Candidate;
using model::BlockId;
using model::SourceKind;
using testing::BlockMap;

namespace {

enum class Ids { uniform, hostile };  // hostile ones are many with equal first halves, which no hash gives

// One of so few that images share many.
BlockId random_id(std::mt19937_64& random, std::uint64_t kinds, Ids ids) {
  std::mt19937_64 kind(random() % kinds);
  BlockId id;
  for (std::byte& b : id.bytes)
    b = std::byte(kind());
  if (ids == Ids::hostile && kind() % 4 == 0)
    std::fill_n(id.bytes.begin(), 8, std::byte(kind() % 2 == 0 ? 0xff : 0x00));
  return id;
}

BlockMap random_blocks(std::mt19937_64& random, std::uint64_t count_max, std::uint64_t kinds, Ids ids) {
  BlockMap blocks;
  std::uint64_t at = 0;
  for (auto count = random() % count_max; count > 0; --count) {
    at += random() % 8 == 0 ? random() % 60 : 1;
    blocks[at] = random_id(random, kinds, ids);
  }
  return blocks;
}

class Trees {
 public:
  model::TreeFile write(const BlockMap& blocks) {
    const auto path = folder_.path() / std::to_string(made_++);
    model::TreeWriter writer(path, base::ByteCount(base::kGiB), std::nullopt, {});
    model::NodeHasher hasher;
    for (auto at = blocks.begin(); at != blocks.end();) {
      const std::uint64_t group = at->first / 16;
      std::uint16_t mask = 0;
      std::vector<BlockId> ids;
      for (; at != blocks.end() && at->first / 16 == group; ++at) {
        mask = static_cast<std::uint16_t>(mask | 1U << at->first % 16);
        ids.push_back(at->second);
      }
      writer.add_group(group, mask, ids, hasher.group(mask, ids));
    }
    writer.commit();
    model::TreeFile tree(path);
    std::filesystem::remove(path);
    return tree;
  }

 private:
  base::TemporaryDirectory folder_{testing::quick_folder()};
  int made_ = 0;
};

// A wanted image and candidates whose layers overlap, as maps and as trees.
struct Farm {
  BlockMap wanted;
  model::ExtentSet elided;
  std::vector<BlockMap> layers;
  std::vector<Candidate> candidates;
  std::vector<model::TreeFile> files;
  std::vector<const model::TreeView*> views;

  Farm(std::mt19937_64& random, Trees& trees, std::uint64_t blocks_max, Ids ids) {
    const std::uint64_t kinds = 1 + random() % (2 * blocks_max);
    wanted = random_blocks(random, blocks_max, kinds, ids);
    elided = testing::random_extents(random, 64 * 4096 * (random() % 3)).aligned_inward(base::ByteCount(4096));
    for (auto count = random() % 6; count > 0; --count)
      layers.push_back(random_blocks(random, random() % 2 == 0 ? blocks_max : 20, kinds, ids));
    for (auto count = random() % 8; count > 0; --count) {
      candidates.push_back({"candidate-" + std::to_string(count), {}});
      for (auto depth = random() % 4; depth > 0 && !layers.empty(); --depth)
        candidates.back().layers.push_back(static_cast<std::uint32_t>(random() % layers.size()));
    }
    for (const BlockMap& layer : layers)
      files.push_back(trees.write(layer));
    for (const model::TreeFile& file : files)
      views.push_back(&file.view());
  }

  template <typename Held>
  std::uint64_t count(const Held& held) const {
    std::uint64_t blocks = 0;
    for (const auto& [at, id] : testing::without(wanted, elided))
      blocks += held(at, id) ? 1 : 0;
    return blocks;
  }

  std::set<BlockId> ids_of(const std::vector<std::uint32_t>& which) const {
    std::set<BlockId> ids;
    for (const std::uint32_t layer : which)
      for (const auto& [at, id] : layers[layer])
        ids.insert(id);
    return ids;
  }

  bool shows(const Candidate& candidate, std::uint64_t at, const BlockId& id) const {
    for (const std::uint32_t layer : candidate.layers)
      if (const auto block = layers[layer].find(at); block != layers[layer].end())
        return block->second == id;
    return false;
  }
};

std::vector<std::uint32_t> all_of(std::size_t count) {
  std::vector<std::uint32_t> all(count);
  for (std::uint32_t i = 0; i < count; ++i)
    all[i] = i;
  return all;
}

model::SourceSet random_holders(std::mt19937_64& random, std::optional<SourceKind> absent) {
  model::SourceSet holders;
  for (const SourceKind kind : {SourceKind::base, SourceKind::local, SourceKind::store, SourceKind::package})
    if (random() % 3 == 0 && kind != absent)
      holders.insert(kind);
  return holders;
}

match::Task random_task(std::mt19937_64& random, std::optional<SourceKind> absent = {}) {
  match::Task task;
  for (auto runs = random() % 200; runs > 0; --runs) {
    const std::uint64_t blocks = 1 + random() % (std::uint64_t{1} << (random() % 16));
    task.survey.add_run(blocks, random() % (blocks + 1), random_holders(random, absent));
  }
  task.nonzero = base::ByteCount(task.survey.needed_blocks() * 4096 + random() % 100'000'000);
  task.read_first = base::ByteCount(random() % 2 == 0 ? 0 : random() % task.nonzero.value);
  task.difference = base::ByteCount(random() % 3'000'000);
  task.thin = random() % 2 == 0;
  task.running = random() % 2 == 0;
  return task;
}

double random_rate(std::mt19937_64& random) {
  return std::pow(10.0, 4 + static_cast<double>(random() % 600) / 100);
}

match::Costs random_costs(std::mt19937_64& random) {
  match::Costs costs;
  costs.link.rate = random_rate(random);
  if (random() % 2 == 0)
    costs.link.limit = random_rate(random);
  if (random() % 2 == 0)
    costs.mirror = random_rate(random);
  for (match::Machine* const machine : {&costs.source, &costs.destination}) {
    machine->disk_read = random_rate(random);
    machine->disk_write = random_rate(random);
    machine->hash = random_rate(random);
    machine->seek = static_cast<double>(random() % 100) / 1e4;
    machine->cores = 1 + random() % 8;
  }
  return costs;
}

// One number of the costs made better, and which.
std::string improve(std::mt19937_64& random, match::Costs& costs) {
  const double factor = 1 + static_cast<double>(random() % 1000) / 300;
  switch (random() % 11) {
    case 0:
      costs.link.rate *= factor;
      return "link rate";
    case 1:
      costs.link.limit.reset();
      return "no limit";
    case 2:
      costs.link.round_trip /= factor;
      return "round trip";
    case 3:
      costs.mirror = costs.mirror.value_or(1) * factor;
      return "mirror";
    case 4:
      costs.source.disk_read *= factor;
      return "source reads";
    case 5:
      costs.source.hash *= factor;
      return "source hashes";
    case 6:
      ++costs.source.cores;
      return "source cores";
    case 7:
      costs.destination.disk_read *= factor;
      return "destination reads";
    case 8:
      costs.destination.disk_write *= factor;
      return "destination writes";
    case 9:
      costs.destination.seek /= factor;
      return "seeks";
    default:
      ++costs.destination.cores;
      return "destination cores";
  }
}

}  // namespace

TEST_CASE("Coverage, overlap and what lies in place are what sets and maps say") {
  Trees trees;
  testing::for_seeds(300, [&](std::mt19937_64& random) {
    const Farm farm(random, trees, 1 + random() % 400, Ids::hostile);
    const model::TreeFile wanted = trees.write(farm.wanted);
    const match::Needs needs(wanted.view(), farm.elided);
    const match::Coverage result = match::coverage(needs, farm.views, farm.candidates);
    REQUIRE(needs.blocks() == testing::without(farm.wanted, farm.elided).size());
    for (std::size_t i = 0; i < farm.candidates.size(); ++i) {
      const auto held = farm.ids_of(farm.candidates[i].layers);
      REQUIRE(result.candidates[i] == farm.count([&](auto, const BlockId& id) { return held.contains(id); }));
      REQUIRE(match::in_place_blocks(wanted.view(), farm.elided, farm.views, farm.candidates[i]) ==
              farm.count([&](auto at, const BlockId& id) { return farm.shows(farm.candidates[i], at, id); }));
    }
    const auto everything = farm.ids_of(all_of(farm.layers.size()));
    REQUIRE(result.together == farm.count([&](auto, const BlockId& id) { return everything.contains(id); }));
    BlockMap missing = testing::without(farm.wanted, farm.elided);
    std::erase_if(missing, [&](const auto& block) { return everything.contains(block.second); });
    REQUIRE(result.missing_ids == testing::distinct_ids(missing));
    REQUIRE(match::overlap(wanted.view(), farm.elided, farm.views) ==
            match::Overlap{needs.blocks(), result.together, result.missing_ids});
    const auto marks = match::held_ids(needs, farm.views);
    for (std::size_t rank = 0; rank < marks.size(); ++rank)
      REQUIRE(marks[rank] == everything.contains(needs.ids()[rank]));
  });
}

TEST_CASE("An image of many slices is counted as one of few") {
  Trees trees;
  testing::for_seeds(1, [&](std::mt19937_64& random) {
    BlockMap wanted;
    BlockMap large;
    BlockMap small;
    BlockMap middle;
    for (std::uint64_t at = 0; at < 200'000; ++at) {
      BlockId id;
      const std::uint64_t key = random();
      std::memcpy(id.bytes.data(), &key, 8);
      if (at % 3 != 0)
        wanted[at] = id;
      if (at % 5 == 0)
        large[at] = id;
      if (at % 30 == 1)
        middle[at] = id;
      if (at % 20'000 == 1)
        small[at] = id;
    }
    const model::TreeFile wanted_tree = trees.write(wanted);
    const model::TreeFile large_tree = trees.write(large);
    const model::TreeFile small_tree = trees.write(small);
    const model::TreeFile middle_tree = trees.write(middle);
    const std::vector<const model::TreeView*> views{&large_tree.view(), &small_tree.view(), &middle_tree.view()};
    const match::Needs needs(wanted_tree.view(), {});
    const std::vector<Candidate> candidates{{"large", {0}}, {"small", {1}}, {"all", {1, 2, 0}}, {"middle", {2}}};
    const match::Coverage result = match::coverage(needs, views, candidates);
    const auto expected = [&](const BlockMap& held) {
      return static_cast<std::uint64_t>(
          std::ranges::count_if(held, [&](const auto& block) { return wanted.contains(block.first); }));
    };
    REQUIRE(result.candidates[0] == expected(large));
    REQUIRE(result.candidates[1] == expected(small));
    REQUIRE(result.candidates[3] == expected(middle));
    REQUIRE(result.together == result.candidates[2]);
    // The other way round, few are sought in many.
    const std::vector<const model::TreeView*> many{&wanted_tree.view()};
    REQUIRE(match::coverage(match::Needs(small_tree.view(), {}), many, {}).together == expected(small));
  });
}

TEST_CASE("A ranking by samples is as near to the truth as it says, and the truly best is among its contenders") {
  Trees trees;
  testing::for_seeds(10, [&](std::mt19937_64& random) {
    const Farm farm(random, trees, 60'000, Ids::uniform);
    const model::TreeFile wanted = trees.write(farm.wanted);
    const match::Needs needs(wanted.view(), farm.elided);
    const match::Samples samples = match::take_samples(needs);
    REQUIRE_NOTHROW(match::check(samples));
    const match::Ranking ranking = match::rank(samples, farm.views, farm.candidates);
    const match::Coverage exact = match::coverage(needs, farm.views, farm.candidates);
    const auto blocks = static_cast<double>(std::max<std::uint64_t>(needs.blocks(), 1));
    std::uint64_t best = 0;
    for (std::size_t i = 0; i < ranking.order.size(); ++i) {
      const match::Ranked& ranked = ranking.order[i];
      const std::uint64_t held = exact.candidates[ranked.candidate];
      CHECK(std::abs(ranked.share - static_cast<double>(held) / blocks) <= ranked.error + 1e-9);
      if (i < ranking.contenders)
        best = std::max(best, held);
      else
        CHECK(held <= best);
    }
  });
}

TEST_CASE("More of any rate never makes a forecast slower") {
  testing::for_seeds(100, [&](std::mt19937_64& random) {
    match::Task task = random_task(random);
    match::Costs costs = random_costs(random);
    double seconds = match::forecast(task, costs).seconds;
    for (int step = 0; step < 5; ++step) {
      const std::string what = improve(random, costs);
      CAPTURE(what);
      const double now = match::forecast(task, costs).seconds;
      REQUIRE(now <= seconds * (1 + 1e-12));
      seconds = now;
    }
  });
}

TEST_CASE("Another holder of what is held never makes a forecast slower") {
  testing::for_seeds(100, [&](std::mt19937_64& random) {
    const std::mt19937_64 before = random;
    const match::Task task = random_task(random);
    const match::Costs costs = random_costs(random);
    const double seconds = match::forecast(task, costs).seconds;
    for (const SourceKind kind : {SourceKind::base, SourceKind::local, SourceKind::store, SourceKind::package}) {
      std::mt19937_64 again = before;
      REQUIRE(seconds <= match::forecast(random_task(again, kind), costs).seconds * (1 + 1e-12));
    }
  });
}

TEST_CASE("A forecast accounts for every needed block, and is never slower than a plain copy") {
  testing::for_seeds(300, [&](std::mt19937_64& random) {
    const match::Task task = random_task(random);
    const match::Forecast forecast = match::forecast(task, random_costs(random));
    std::uint64_t bytes = 0;
    for (const SourceKind kind : model::kSourceKinds)
      bytes += forecast.sources[kind].bytes.value;
    REQUIRE(forecast.seconds <= forecast.plain_copies.front().seconds);
    REQUIRE(bytes == (forecast.choice.plain ? task.nonzero.value : task.survey.needed_blocks() * 4096));
    for (const SourceKind kind : model::kSourceKinds)
      if (!forecast.choice.plain)
        REQUIRE(forecast.sources[kind].seconds <= forecast.seconds * (1 + 1e-12));
    REQUIRE(std::isfinite(forecast.downtime_seconds));
  });
}
