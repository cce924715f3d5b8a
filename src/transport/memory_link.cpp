#include "transport/memory_link.hpp"

#include <chrono>
#include <condition_variable>
#include <deque>
#include <mutex>
#include <utility>

#include <fmt/format.h>

namespace jaunt::transport {

namespace {

using namespace std::chrono_literals;
using base::Error;
using base::ErrorKind;

constexpr std::size_t kQueuedBytesMax = 64 * base::kMiB;
constexpr auto kLookAtToken = 50ms;  // the token wakes nobody

// One direction.
class Pipe {
 public:
  explicit Pipe(base::CancelToken cancel) : cancel_(std::move(cancel)) {}

  void put(base::Bytes frame, const std::string& reader) {
    base::invariant(frame.size() <= kFrameBytesMax.value, "a frame is at most 16 MiB");
    std::unique_lock lock(mutex_);
    wait(lock, [&] { return reader_gone_ || queued_ == 0 || queued_ + frame.size() <= kQueuedBytesMax; });
    if (reader_gone_)
      throw Error(ErrorKind::peer, "send to", reader, "it is gone");
    queued_ += frame.size();
    ++traffic_.frames;
    traffic_.bytes += base::ByteCount(frame.size() + kFrameHeaderBytes);
    frames_.push_back(std::move(frame));
    changed_.notify_all();
  }

  std::optional<base::Bytes> take(const std::string& writer) {
    std::unique_lock lock(mutex_);
    wait(lock, [&] { return !frames_.empty() || closed_ || writer_gone_; });
    if (!frames_.empty()) {
      base::Bytes frame = std::move(frames_.front());
      frames_.pop_front();
      queued_ -= frame.size();
      ++taken_.frames;
      taken_.bytes += base::ByteCount(frame.size() + kFrameHeaderBytes);
      changed_.notify_all();
      return frame;
    }
    if (!closed_)
      throw Error(ErrorKind::peer, "receive from", writer, "it is gone");
    return std::nullopt;
  }

  void close() { set(closed_); }
  void writer_leaves() { set(writer_gone_); }
  void reader_leaves() { set(reader_gone_); }

  Traffic put_so_far() const {
    const std::scoped_lock lock(mutex_);
    return traffic_;
  }
  Traffic taken_so_far() const {
    const std::scoped_lock lock(mutex_);
    return taken_;
  }

 private:
  template <typename Condition>
  void wait(std::unique_lock<std::mutex>& lock, const Condition& condition) {
    while (!changed_.wait_for(lock, kLookAtToken, condition))
      cancel_.check();
  }
  void set(bool& flag) {
    const std::scoped_lock lock(mutex_);
    flag = true;
    changed_.notify_all();
  }

  const base::CancelToken cancel_;
  mutable std::mutex mutex_;
  std::condition_variable changed_;
  std::deque<base::Bytes> frames_;
  std::size_t queued_ = 0;
  Traffic traffic_;
  Traffic taken_;
  bool closed_ = false;
  bool writer_gone_ = false;
  bool reader_gone_ = false;
};

class MemoryLink : public Link {
 public:
  MemoryLink(std::string peer, std::shared_ptr<Pipe> out, std::shared_ptr<Pipe> in)
      : peer_(std::move(peer)), out_(std::move(out)), in_(std::move(in)) {}
  ~MemoryLink() override {
    out_->writer_leaves();
    in_->reader_leaves();
  }

  const std::string& peer() const override { return peer_; }
  void send(base::Bytes frame) override { out_->put(std::move(frame), peer_); }
  std::optional<base::Bytes> receive() override { return in_->take(peer_); }
  void close() override { out_->close(); }
  Traffic sent() const override { return out_->put_so_far(); }
  Traffic received() const override { return in_->taken_so_far(); }

 private:
  const std::string peer_;
  const std::shared_ptr<Pipe> out_;
  const std::shared_ptr<Pipe> in_;
};

}  // namespace

LinkPair memory_link(const LinkEnds& names, const base::CancelToken& cancel) {
  const auto to_right = std::make_shared<Pipe>(cancel);
  const auto to_left = std::make_shared<Pipe>(cancel);
  return {.left = std::make_unique<MemoryLink>(names.left, to_right, to_left),
          .right = std::make_unique<MemoryLink>(names.right, to_left, to_right)};
}

}  // namespace jaunt::transport
