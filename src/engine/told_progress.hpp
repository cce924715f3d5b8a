// Progress of which the other node learns, too, so that it does not take a node that works for one that sleeps.
#pragma once

#include <atomic>
#include <chrono>

#include "base/progress.hpp"
#include "engine/conversation.hpp"

namespace jaunt::engine {

// Whoever works advances it, by nothing where nobody needs to see it. Both arguments outlive it.
class ToldProgress : public base::Progress {
 public:
  ToldProgress(base::Progress& shown, Conversation& conversation) : shown_(shown), conversation_(conversation) {}

  void stage(std::string_view name, base::ByteCount total) override {
    shown_.stage(name, total);
    tell();
  }
  void advance(base::ByteCount more) override {
    if (more.value > 0)
      shown_.advance(more);
    tell();
  }
  void note(std::string_view sentence) override { shown_.note(sentence); }

 private:
  using Clock = std::chrono::steady_clock;
  static constexpr std::chrono::seconds kNews{1};  // between two times that it is told

  void tell() {
    const Clock::duration now = Clock::now().time_since_epoch();
    Clock::duration last = told_at_;
    if (now - last >= kNews && told_at_.compare_exchange_strong(last, now))
      conversation_.tell_at_work();
  }

  base::Progress& shown_;
  Conversation& conversation_;
  std::atomic<Clock::duration> told_at_{Clock::duration{}};
};

}  // namespace jaunt::engine
