// A store whose process is killed, whose disk fails, whose power is cut: it opens as it was before or after the step
// that was under way, never between, and goes on.
#include <cstdio>
#include <fstream>
#include <map>
#include <optional>
#include <set>

#include <doctest/doctest.h>

#include "base/process.hpp"
#include "chunkstore/store_verify.hpp"
#include "disk_fault.hpp"
#include "store_story.hpp"
#include "support/seed.hpp"
#include "support/store_fixture.hpp"

using namespace jaunt;
using namespace jaunt::testing;
using namespace std::chrono_literals;

namespace {

constexpr std::size_t kSteps = 24;

const Blocks& all_blocks() {
  static const Blocks blocks = blocks_of(0, kStoryBlocks);
  return blocks;
}

// What a store holds, or should.
struct State {
  std::set<std::uint64_t> blocks;
  std::map<unsigned, std::pair<std::uint64_t, std::uint64_t>> references;  // holder → first block, count

  bool operator==(const State&) const = default;

  std::set<std::uint64_t> referred() const {
    std::set<std::uint64_t> result;
    for (const std::uint64_t block : blocks)
      if (std::ranges::any_of(references, [&](const auto& reference) {
            const auto [first, count] = reference.second;
            return block >= first && block < first + count;
          }))
        result.insert(block);
    return result;
  }

  State after(const StoryStep& step) const {
    State next = *this;
    switch (step.what) {
      case StoryStep::What::put:
        for (std::uint64_t i = 0; i < step.count; ++i)
          next.blocks.insert(step.first + i);
        break;
      case StoryStep::What::refer:
        next.references[step.holder] = {step.first, step.count};
        break;
      case StoryStep::What::release:
        next.references.erase(step.holder);
        break;
      case StoryStep::What::collect:
        next.blocks = referred();
        break;
      case StoryStep::What::verify:
        break;
    }
    return next;
  }
};

// Reads everything; fails where a block comes back otherwise than it was put.
State observe(const std::filesystem::path& home) {
  const chunkstore::Store store(home);
  const Blocks& all = all_blocks();
  State state;
  store.get({}, all.ids, [&](std::size_t index, base::ByteView block) {
    REQUIRE(std::ranges::equal(block, base::ByteView(all.bytes).subspan(index * 4096, 4096)));
    state.blocks.insert(index);
  });
  const auto here = store.has({}, all.ids);
  for (std::size_t i = 0; i < here.size(); ++i)
    REQUIRE(here[i] == state.blocks.contains(i));
  for (const auto& reference : store.references().list())
    state.references[static_cast<unsigned>(std::stoul(reference.name))] = {0, reference.ids};
  return state;
}

struct Ended {
  base::ExitStatus status;
  std::string err;
  std::size_t done = 0;  // steps of the story, from its beginning
};

// A folder with a home and a journal beside it.
class Stage {
 public:
  explicit Stage(std::uint64_t seed) : seed_(seed) { std::filesystem::create_directory(home()); }

  std::filesystem::path home() const { return folder_.path() / "home"; }
  std::filesystem::path store() const { return home() / "store"; }

  Ended act(std::size_t first, std::vector<std::string> environment) const {
    const auto journal = folder_.path() / "journal";
    std::filesystem::remove(journal);
    const auto ran = base::run({.argv = {JAUNT_STORE_ACTOR, home().string(), std::to_string(seed_),
                                         std::to_string(first), std::to_string(kSteps), journal.string()},
                                .environment = std::move(environment),
                                .confinement = {}},
                               120s, base::ByteCount(base::kMiB));
    Ended ended{.status = ran.status, .err = ran.err, .done = first};
    std::ifstream lines(journal);
    for (std::string line; std::getline(lines, line);)
      ended.done = std::stoull(line) + 1;
    return ended;
  }

  // Lets the fault strike, looks at what is left, and goes on to the end without one. False when the story ended
  // before the fault came.
  bool survive(const std::vector<std::string>& fault) {
    const auto story = story_of(seed_, kSteps);
    const Ended struck = act(0, fault);
    INFO("seed ", seed_, ", fault ", fault.back(), ", after step ", struck.done, ": ", struck.err);
    State before;
    for (std::size_t i = 0; i < struck.done; ++i)
      before = before.after(story[i]);
    State left = observe(home());
    if (struck.status.success()) {
      check_equal(left, before);
      return false;
    }
    REQUIRE(struck.status.code != 3);
    if (struck.done < kSteps)
      left = check_between(left, before, story[struck.done]);
    else
      check_equal(left, before);
    go_on(left, struck.done + 1, story);
    return true;
  }

 private:
  static void check_equal(const State& left, const State& expected) {
    CHECK(left.blocks == expected.blocks);
    CHECK(left.references.size() == expected.references.size());
    for (const auto& [holder, range] : expected.references)
      CHECK((left.references.contains(holder) && left.references.at(holder).second == range.second));
  }

  // The state with references as they were made.
  static State check_between(const State& left, const State& before, const StoryStep& step) {
    const State after = before.after(step);
    if (step.what == StoryStep::What::collect) {
      CHECK(std::ranges::includes(left.blocks, after.blocks));
      CHECK(std::ranges::includes(before.blocks, left.blocks));
    } else {
      CHECK((left.blocks == before.blocks || left.blocks == after.blocks));
    }
    const auto counts = [](const State& state) {
      std::map<unsigned, std::uint64_t> result;
      for (const auto& [holder, range] : state.references)
        result[holder] = range.second;
      return result;
    };
    CHECK((counts(left) == counts(before) || counts(left) == counts(after)));
    State now = counts(left) == counts(before) ? before : after;
    now.blocks = left.blocks;
    return now;
  }

  void go_on(State state, std::size_t first, const std::vector<StoryStep>& story) const {
    const Ended ended = act(std::min(first, kSteps), {});
    CAPTURE(ended.err);
    CHECK(ended.status.success());
    for (std::size_t i = first; i < kSteps; ++i)
      state = state.after(story[i]);
    check_equal(observe(home()), state);
    base::Progress silent;
    const auto report = verify_store(chunkstore::Store(home()), {}, silent);
    CHECK(report.blocks_lost == 0);
    CHECK(report.index_rebuilt == 0);
  }

  std::uint64_t seed_;
  base::TemporaryDirectory folder_{quick_folder()};
};

// How often this story comes by each point.
std::map<std::string, unsigned> points_of(std::uint64_t seed) {
  const base::TemporaryDirectory folder(quick_folder());
  Stage stage(seed);
  const auto trace = folder.path() / "trace";
  REQUIRE(stage.act(0, {"JAUNT_TRACE_POINTS=" + trace.string()}).status.success());
  std::map<std::string, unsigned> points;
  std::ifstream lines(trace);
  for (std::string name; std::getline(lines, name);)
    ++points[name];
  return points;
}

std::uint64_t operations_of(std::uint64_t seed) {
  Stage stage(seed);
  const Ended ended = stage.act(0, disk_count(stage.store()));
  REQUIRE(ended.status.success());
  const std::uint64_t count = operations_in(ended.err);
  REQUIRE(count > 100);
  return count;
}

// At a few operations of each story; in a full campaign at every one of the first stories.
void strike_disk(const std::string& kind, std::uint64_t times) {
  constexpr unsigned kWholeStories = 2;
  std::uint64_t struck = 0;
  unsigned whole = 0;
  for_seeds(1, [&](std::mt19937_64& random) {
    const std::uint64_t seed = random();
    const std::uint64_t operations = operations_of(seed);
    const bool every = full_campaign() && whole < kWholeStories;
    whole += every ? 1 : 0;
    for (std::uint64_t i = 0; i < (every ? operations : times); ++i) {
      Stage stage(seed);
      const std::uint64_t at = 1 + (every ? i : random() % operations);
      struck += stage.survive(disk_fault(stage.store(), kind, at, random() >> 1)) ? 1 : 0;
    }
  });
  std::printf("campaign: %s struck %lu times, %u stories at every operation\n", kind.c_str(), struck, whole);
  CHECK(struck > 0);
}

}  // namespace

TEST_CASE("A store killed at any named point opens as before or after, and goes on") {
  std::map<std::string, unsigned> kills;
  for_seeds(1, [&](std::mt19937_64& random) {
    const std::uint64_t seed = random();
    for (const auto& [name, times] : points_of(seed)) {
      // The first, the last, and some in between.
      std::set<unsigned> wanted{1U + static_cast<unsigned>(random() % times)};
      if (full_campaign())
        wanted.insert({1U, times});
      for (const unsigned at : wanted) {
        Stage stage(seed);
        REQUIRE(stage.survive({"JAUNT_KILL_AT=" + name + ":" + std::to_string(at)}));
        ++kills[name];
      }
    }
  });
  unsigned all = 0;
  for (const auto& [name, count] : kills)
    all += count;
  std::printf("campaign: %u kills at %zu named points, no block lost or wrong\n", all, kills.size());
  CHECK(kills.size() >= 15);
  CHECK((!full_campaign() || all >= 300));
}

TEST_CASE("A read, write or sync that fails at any time leaves the store as before or after") {
  JAUNT_NEED_FAULTY_DISK();
  strike_disk("io", 12);
}

TEST_CASE("A disk that is full at any time leaves the store as before or after") {
  JAUNT_NEED_FAULTY_DISK();
  strike_disk("space", 8);
}

TEST_CASE("A power cut that loses any part of what was not synced leaves the store as before or after") {
  JAUNT_NEED_FAULTY_DISK();
  strike_disk("cut", 12);
}
