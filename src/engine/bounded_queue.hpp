// What one thread hands to another, in order, without running ahead of it.
#pragma once

#include <condition_variable>
#include <cstddef>
#include <deque>
#include <mutex>
#include <optional>
#include <utility>

namespace jaunt::engine {

// Any thread. Each thing has a weight; one alone may be heavier than the bound.
template <typename T>
class BoundedQueue {
 public:
  explicit BoundedQueue(std::size_t weight_max) : weight_max_(weight_max) {}

  // Waits while it is full. False, and the thing is dropped, when nobody will take it any more.
  bool put(T thing, std::size_t weight) {
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [&] { return closed_ || weight_ == 0 || weight_ + weight <= weight_max_; });
    if (closed_)
      return false;
    weight_ += weight;
    things_.emplace_back(std::move(thing), weight);
    changed_.notify_all();
    return true;
  }

  // Waits for the next one; nullopt when it is closed and empty.
  std::optional<T> take() {
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [&] { return closed_ || !things_.empty(); });
    if (things_.empty())
      return std::nullopt;
    T thing = std::move(things_.front().first);
    weight_ -= things_.front().second;
    things_.pop_front();
    changed_.notify_all();
    return thing;
  }

  // Nothing more is put; what is there can still be taken.
  void close() {
    const std::scoped_lock lock(mutex_);
    closed_ = true;
    changed_.notify_all();
  }

 private:
  const std::size_t weight_max_;
  std::mutex mutex_;
  std::condition_variable changed_;
  std::deque<std::pair<T, std::size_t>> things_;
  std::size_t weight_ = 0;
  bool closed_ = false;
};

}  // namespace jaunt::engine
