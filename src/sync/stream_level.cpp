#include "sync/stream_level.hpp"

#include <algorithm>
#include <utility>
#include <vector>

#include "match/cost.hpp"

namespace jaunt::sync {

namespace {

constexpr double kMargin = 1.25;     // the link should wait for the compressor never, the compressor may for the link
constexpr double kPatience = 1.3;    // text is compressed so well that the link waits a little, which the rest makes good
constexpr double kQuiteAnother = 2;  // a link that is that much faster or slower than it was said to be
constexpr std::uint64_t kFirstLook = 8 * base::kMiB;
constexpr std::uint64_t kLastLook = 256 * base::kMiB;

const std::vector<match::Compression>& levels() {
  static const std::vector<match::Compression> known = match::usual_compression();
  return known;
}

// `speed` is this machine's against the table's; `link` may be what it has to be worth.
int fitting(double link, double speed) {
  int level = levels().front().level;
  for (const match::Compression& candidate : levels())
    if (candidate.rate * candidate.ratio * speed >= link)
      level = candidate.level;
  return level;
}

}  // namespace

int level_for(double link_bytes_per_second) {
  return fitting(link_bytes_per_second * kMargin, 1);
}

StreamLevel::StreamLevel(std::uint64_t link_bytes_per_second)
    : link_(static_cast<double>(link_bytes_per_second)), look_after_(kFirstLook) {
  if (link_ != 0)
    level_ = level_for(link_);
}

bool StreamLevel::account(base::ByteCount plain, base::ByteCount compressed, Seconds compressing, Seconds sending,
                          const std::optional<base::ByteCount>& link) {
  plain_ += plain.value;
  compressed_ += compressed.value;
  compressing_ += compressing;
  sending_ += sending;
  if (plain_ < look_after_)
    return false;
  const int better = better_level(link);
  look_after_ = std::min(2 * look_after_, kLastLook);
  plain_ = compressed_ = 0;
  compressing_ = sending_ = Seconds(0);
  return std::exchange(level_, better) != better;
}

int StreamLevel::better_level(const std::optional<base::ByteCount>& link) {
  const auto now = std::ranges::find(levels(), level_, &match::Compression::level);
  const double compressing = std::max(compressing_.count(), 1e-6);
  const double speed = static_cast<double>(plain_) / compressing / now->rate;
  const double seen = link ? static_cast<double>(link->value) : 0;
  if (link_ != 0 && link && (seen > kQuiteAnother * link_ || seen * kQuiteAnother < link_)) {
    link_ = seen;
    return fitting(link_ * kMargin, speed);
  }
  if (link_ != 0) {
    const double made = kPatience * static_cast<double>(compressed_) / compressing;
    const double denser =
        static_cast<double>(plain_) * now->ratio / static_cast<double>(std::max<std::uint64_t>(compressed_, 1));
    return made >= link_ ? level_ : std::min(level_, fitting(link_ * denser, speed));
  }
  if (link)
    return fitting(seen * kMargin, speed);
  // Where sending takes no time, the link is at least as fast as it was asked to be.
  const double taken = static_cast<double>(compressed_) / (compressing + sending_.count());
  const bool link_waits = sending_ < 0.05 * (sending_ + compressing_);
  return link_waits ? levels().front().level : fitting(taken * kMargin, speed);
}

}  // namespace jaunt::sync
