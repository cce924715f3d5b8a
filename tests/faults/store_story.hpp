// What the actor does to a store, step by step, and what the checker expects of it: both know the story by its seed.
#pragma once

#include <cstdint>
#include <random>
#include <vector>

namespace jaunt::testing {

struct StoryStep {
  enum class What { put, refer, release, collect, verify };

  What what{};
  std::uint64_t first = 0;  // of the blocks that are put or referred to
  std::uint64_t count = 0;
  unsigned holder = 0;  // of a reference
};

inline constexpr std::uint64_t kStoryBlocks = 1200;

inline std::vector<StoryStep> story_of(std::uint64_t seed, std::size_t steps) {
  std::mt19937_64 random(seed);
  std::vector<StoryStep> story;
  for (std::size_t i = 0; i < steps; ++i) {
    using enum StoryStep::What;
    constexpr StoryStep::What dice[] = {put, put, put, put, refer, refer, release, collect, verify, put};
    StoryStep step{.what = dice[random() % 10]};
    step.count = 1 + random() % 200;
    step.first = random() % (kStoryBlocks - step.count);
    step.holder = static_cast<unsigned>(random() % 4);
    story.push_back(step);
  }
  return story;
}

}  // namespace jaunt::testing
