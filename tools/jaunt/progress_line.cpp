#include "progress_line.hpp"

#include <algorithm>
#include <cstdint>
#include <cstdio>

#include <fmt/format.h>
#include <unistd.h>

#include "base/text.hpp"

namespace jaunt::cli {

using namespace std::chrono_literals;

namespace {

constexpr auto kRedraw = 200ms;
constexpr auto kRateKnown = 1s;  // before, a rate says nothing

std::string clock_text(std::chrono::seconds time) {
  const auto seconds = time.count();
  return seconds < 3600 ? fmt::format("{}:{:02}", seconds / 60, seconds % 60)
                        : fmt::format("{}:{:02}:{:02}", seconds / 3600, seconds / 60 % 60, seconds % 60);
}

void print_error(std::string_view text) {
  std::fwrite(text.data(), 1, text.size(), stderr);
  std::fflush(stderr);
}

}  // namespace

std::string progress_text(std::string_view stage, base::ByteCount done, base::ByteCount total,
                          std::chrono::milliseconds elapsed) {
  const auto seconds = std::chrono::duration_cast<std::chrono::seconds>(elapsed);
  if (total.value == 0)
    return seconds.count() == 0 ? std::string(stage) : fmt::format("{}  {}", stage, clock_text(seconds));
  const base::ByteCount shown = std::min(done, total);
  const double share = static_cast<double>(shown.value) / static_cast<double>(total.value);
  std::string text =
      fmt::format("{}  {:3.0f} %  {} of {}", stage, 100 * share, base::human_bytes(shown), base::human_bytes(total));
  if (elapsed < kRateKnown || shown.value == 0)
    return text;
  const double rate = static_cast<double>(shown.value) / std::chrono::duration<double>(elapsed).count();
  const double left = static_cast<double>(total.value - shown.value) / rate;
  return text + fmt::format("  {}/s  {} left", base::human_bytes(base::ByteCount(static_cast<std::uint64_t>(rate))),
                            clock_text(std::chrono::seconds(static_cast<std::int64_t>(std::min(left, 1e8)))));
}

ProgressLine::ProgressLine(bool quiet, Stages stages)
    : quiet_(quiet),
      stages_(stages),
      terminal_(Terminal::of(STDERR_FILENO)),
      since_(std::chrono::steady_clock::now()) {
  if (!quiet_ && terminal_.interactive)
    thread_ = std::thread([this] { redraw_until_stopped(); });
}

ProgressLine::~ProgressLine() {
  {
    const std::lock_guard lock(mutex_);
    stopped_ = true;
  }
  stop_.notify_all();
  if (thread_.joinable())
    thread_.join();
}

void ProgressLine::stage(std::string_view name, base::ByteCount total) {
  const std::lock_guard lock(mutex_);
  leave();
  stage_ = base::printable(name);
  total_ = total;
  done_ = 0;
  since_ = std::chrono::steady_clock::now();
}

void ProgressLine::note(std::string_view sentence) {
  if (quiet_)
    return;
  const std::lock_guard lock(mutex_);
  clear();
  print_error(fmt::format("jaunt: {}\n", base::printable(sentence)));
}

void ProgressLine::redraw_until_stopped() {
  std::unique_lock lock(mutex_);
  while (!stop_.wait_for(lock, kRedraw, [this] { return stopped_; }))
    draw();
  leave();
  clear();
}

// The line of a stage that ends.
void ProgressLine::leave() {
  if (stages_ == Stages::go || !drawn_)
    return;
  draw();
  print_error("\n");
  drawn_ = false;
}

void ProgressLine::draw() {
  if (stage_.empty())
    return;
  const auto elapsed =
      std::chrono::duration_cast<std::chrono::milliseconds>(std::chrono::steady_clock::now() - since_);
  const std::string text = progress_text(stage_, base::ByteCount(done_), total_, elapsed);
  print_error("\r" + fitted(text, terminal_.width - 1));
  drawn_ = true;
}

void ProgressLine::clear() {
  if (drawn_)
    print_error("\r" + std::string(terminal_.width - 1, ' ') + "\r");
  drawn_ = false;
}

}  // namespace jaunt::cli
