// Which candidate becomes the base.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>

namespace jaunt::match {

// A candidate that was counted exactly.
struct Contender {
  std::string name;
  std::uint64_t held_blocks = 0;      // needed blocks that it holds, at whatever place
  std::uint64_t in_place_blocks = 0;  // of these, at the same place; 0 where that is not known
  std::size_t layers = 0;
};

enum class BaseReason { only_one, holds_most, more_in_place, fewer_layers, name };

struct BaseChoice {
  std::size_t index = 0;                     // into the contenders
  BaseReason reason = BaseReason::only_one;  // what set it apart from the next best
  std::optional<std::size_t> runner_up;
};

// The one that holds most; among equals the one with more in place, then with fewer layers, then by name. nullopt
// when none holds anything.
std::optional<BaseChoice> choose_base(std::span<const Contender> contenders);

// For people, after the base's name: "it holds 86.4 % of what is needed, the next best web-2 86.3 %".
std::string why(const BaseChoice& choice, std::span<const Contender> contenders, std::uint64_t needed_blocks);

}  // namespace jaunt::match
