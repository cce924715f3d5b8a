#include "match/survey.hpp"

#include <algorithm>
#include <bit>
#include <cmath>

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

Survey Survey::with_packages(double share) const {
  Survey result;
  result.zero_ = zero_;
  const auto part = [&](std::uint64_t whole) {
    return static_cast<std::uint64_t>(std::llround(std::clamp(share, 0.0, 1.0) * static_cast<double>(whole)));
  };
  for (const auto& [key, portion] : portions_) {
    if (key.holders != model::SourceSet{}) {
      result.portions_[key] += portion;
      continue;
    }
    const Portion packaged{
        .blocks = part(portion.blocks), .new_ids = part(portion.new_ids), .runs = part(portion.runs)};
    result.portions_[{.holders = {model::SourceKind::package}, .run_class = key.run_class}] += packaged;
    result.portions_[key] += {.blocks = portion.blocks - packaged.blocks,
                              .new_ids = portion.new_ids - packaged.new_ids,
                              .runs = portion.runs - packaged.runs};
  }
  return result;
}

std::uint64_t Survey::needed_blocks() const {
  std::uint64_t blocks = 0;
  for (const auto& [key, portion] : portions_)
    blocks += portion.blocks;
  return blocks;
}

}  // namespace jaunt::match
