// Where it is worth telling the source of former versions: where that helped with what came before.
#pragma once

#include <algorithm>

namespace jaunt::sync {

// A value; one thread.
class DeltaChoice {
 public:
  // Whether to tell of the next tile.
  bool tells() {
    if (skipped_ > 0) {
      --skipped_;
      return false;
    }
    if (untold_ >= (helps_ ? kUntoldMax : kTriesMax))
      return false;
    ++untold_;
    return true;
  }

  // Whether it helped, in the order in which it was told.
  void account(bool helped) {
    --untold_;
    helps_ = helped;
    pause_ = helped ? 0 : std::min(2 * pause_ + 1, kPauseMax);
    skipped_ = std::max(helped ? 0 : pause_, helped ? 0 : skipped_);
  }

 private:
  static constexpr int kTriesMax = 4;    // at once, while it is not known to help
  static constexpr int kUntoldMax = 64;  // else
  static constexpr int kPauseMax = 63;   // tiles

  int untold_ = 0;  // of which it is not known yet
  int pause_ = 0;
  int skipped_ = 0;  // tiles that are to be skipped still
  bool helps_ = false;
};

}  // namespace jaunt::sync
