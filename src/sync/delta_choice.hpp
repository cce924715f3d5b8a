// Where it is worth telling the source of former versions: where that helped with what came before.
#pragma once

#include <algorithm>
#include <cstdint>

namespace jaunt::sync {

// A value; one thread. What is told in vain is never more than a hundredth of what came, and some kilobytes.
class DeltaChoice {
 public:
  // Whether to tell of the next tile, in so many bytes.
  bool tells(std::uint64_t signature) {
    if (skipped_ > 0) {
      --skipped_;
      return false;
    }
    if (untold_ >= (helps_ ? kUntoldMax : kTriesMax) || (!helps_ && spent_ + signature > received_ / kShare + kFree))
      return false;
    ++untold_;
    spent_ += signature;
    return true;
  }

  // There was nothing to tell.
  void take_back(std::uint64_t signature) {
    --untold_;
    spent_ -= signature;
  }

  // Whether it helped, in the order in which it was told.
  void account(bool helped, std::uint64_t signature) {
    --untold_;
    helps_ = helped;
    pause_ = helped ? 0 : std::min(2 * pause_ + 1, kPauseMax);
    skipped_ = helped ? 0 : std::max(pause_, skipped_);
    spent_ -= helped ? signature : 0;
  }

  // From the source.
  void receive(std::uint64_t bytes) { received_ += bytes; }

 private:
  static constexpr int kTriesMax = 4;    // at once, while it is not known to help
  static constexpr int kUntoldMax = 64;  // else
  static constexpr int kPauseMax = 63;   // tiles
  static constexpr std::uint64_t kShare = 128;
  static constexpr std::uint64_t kFree = 4096;

  std::uint64_t received_ = 0;
  std::uint64_t spent_ = 0;  // in vain, or nobody knows yet
  int untold_ = 0;           // of which it is not known yet
  int pause_ = 0;
  int skipped_ = 0;  // tiles that are to be skipped still
  bool helps_ = false;
};

}  // namespace jaunt::sync
