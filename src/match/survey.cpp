#include "match/survey.hpp"

#include <algorithm>
#include <bit>

namespace jaunt::match {

unsigned run_class(std::uint64_t run_blocks) {
  return std::min(static_cast<unsigned>(std::bit_width(run_blocks | 1)) - 1, kRunClasses - 1);
}

void Survey::add_run(std::uint64_t blocks, std::uint64_t new_ids, model::SourceSet holders) {
  if (blocks == 0)
    return;
  Portion& portion = portions_[{.holders = holders, .run_class = run_class(blocks)}];
  portion += {.blocks = blocks, .new_ids = new_ids, .runs = 1};
}

Survey& Survey::operator+=(const Survey& other) {
  for (const auto& [key, portion] : other.portions_)
    portions_[key] += portion;
  zero_ += other.zero_;
  return *this;
}

std::uint64_t Survey::needed_blocks() const {
  std::uint64_t blocks = 0;
  for (const auto& [key, portion] : portions_)
    blocks += portion.blocks;
  return blocks;
}

}  // namespace jaunt::match
