#include "match/base_choice.hpp"

#include <algorithm>
#include <tuple>

#include <fmt/format.h>

#include "base/text.hpp"

namespace jaunt::match {

namespace {

// Smaller is better.
auto order_of(const Contender& contender) {
  return std::tuple(~contender.held_blocks, ~contender.in_place_blocks, contender.layers,
                    std::string_view(contender.name));
}

BaseReason difference(const Contender& best, const Contender& next) {
  if (best.held_blocks != next.held_blocks)
    return BaseReason::holds_most;
  if (best.in_place_blocks != next.in_place_blocks)
    return BaseReason::more_in_place;
  return best.layers != next.layers ? BaseReason::fewer_layers : BaseReason::name;
}

}  // namespace

std::optional<BaseChoice> choose_base(std::span<const Contender> contenders) {
  const auto best = std::ranges::min_element(contenders, {}, order_of);
  if (best == contenders.end() || best->held_blocks == 0)
    return std::nullopt;
  BaseChoice choice;
  choice.index = static_cast<std::size_t>(best - contenders.begin());
  for (std::size_t i = 0; i < contenders.size(); ++i)
    if (i != choice.index && contenders[i].held_blocks > 0 &&
        (!choice.runner_up || order_of(contenders[i]) < order_of(contenders[*choice.runner_up])))
      choice.runner_up = i;
  if (choice.runner_up)
    choice.reason = difference(*best, contenders[*choice.runner_up]);
  return choice;
}

std::string why(const BaseChoice& choice, std::span<const Contender> contenders, std::uint64_t needed_blocks) {
  const Contender& best = contenders[choice.index];
  const auto percent = [needed_blocks](std::uint64_t blocks) {
    return 100.0 * static_cast<double>(blocks) / static_cast<double>(std::max<std::uint64_t>(needed_blocks, 1));
  };
  const std::string holds = fmt::format("it holds {:.1f} % of what is needed", percent(best.held_blocks));
  if (!choice.runner_up)
    return holds + ", and no other image holds any";
  const Contender& next = contenders[*choice.runner_up];
  const std::string name = base::printable(next.name);
  switch (choice.reason) {
    case BaseReason::more_in_place:
      return fmt::format("{} like {}, but more of it in place: {:.1f} % against {:.1f} %", holds, name,
                         percent(best.in_place_blocks), percent(next.in_place_blocks));
    case BaseReason::fewer_layers:
      return fmt::format("{} like {}, in fewer layers", holds, name);
    case BaseReason::name:
      return fmt::format("{}, and {} would do as well", holds, name);
    case BaseReason::only_one:
    case BaseReason::holds_most:
      break;
  }
  return fmt::format("{}, the next best {} {:.1f} %", holds, name, percent(next.held_blocks));
}

}  // namespace jaunt::match
