#include "json_progress.hpp"

#include <cstdio>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "base/text.hpp"

namespace jaunt::cli {

namespace {

void print_line(const nlohmann::ordered_json& json) {
  fmt::print("{}\n", json.dump());
  std::fflush(stdout);
}

}  // namespace

JsonProgress::JsonProgress(std::chrono::milliseconds every)
    : every_(every), since_(std::chrono::steady_clock::now()), thread_([this] { write_until_stopped(); }) {}

JsonProgress::~JsonProgress() {
  {
    const std::lock_guard lock(mutex_);
    stopped_ = true;
  }
  stop_.notify_all();
  thread_.join();
}

void JsonProgress::stage(std::string_view name, base::ByteCount total) {
  const std::lock_guard lock(mutex_);
  stage_ = base::printable(name);
  total_ = total;
  done_ = 0;
  since_ = std::chrono::steady_clock::now();
  write();
}

void JsonProgress::note(std::string_view sentence) {
  const std::lock_guard lock(mutex_);
  print_line({{"type", "status"}, {"stage", stage_}, {"note", base::printable(sentence)}});
}

void JsonProgress::write_until_stopped() {
  std::unique_lock lock(mutex_);
  while (!stop_.wait_for(lock, every_, [this] { return stopped_; }))
    if (!stage_.empty())
      write();
}

void JsonProgress::write() {
  const std::chrono::duration<double> elapsed = std::chrono::steady_clock::now() - since_;
  print_line({{"type", "status"},
              {"stage", stage_},
              {"bytes_done", done_.load()},
              {"bytes_total", total_.value},
              {"seconds", elapsed.count()}});
}

}  // namespace jaunt::cli
