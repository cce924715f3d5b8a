// A link between the thread that uses it and the one that moves its bytes.
#pragma once

#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "base/error.hpp"
#include "transport/frame_flow.hpp"
#include "transport/greeting.hpp"
#include "transport/link.hpp"
#include "transport/rate_meter.hpp"
#include "transport/talk.hpp"

namespace jaunt::transport {

// Any thread. Owned by the link and by its connections.
class LinkState {
 public:
  // `limit` holds in both directions, for this link alone.
  LinkState(std::string peer, base::CancelToken cancel, std::optional<base::ByteCount> limit = {},
            const Width& width = {});

  const std::string& peer() const { return peer_; }

  // ---- for whoever uses the link; these wait

  void wait_until_open();
  void send(base::Bytes frame);
  std::optional<base::Bytes> receive();
  void close();
  void leave();
  Traffic sent() const;
  Traffic received() const;
  Measured measured() const;
  void give_up_when_idle(std::chrono::milliseconds longest);
  void never_give_up();
  void tell_at_work();

  // ---- for its connections

  // Called when there is something to say, until the link is lost.
  void on_wish_to_say(std::function<void()> wake);
  void open(std::uint64_t credit);
  void add_connection();
  // One that ended as it should. A link without any is lost.
  void remove_connection(const base::Error& why);
  // Whether it carries so much, over such a distance, that one connection would hold it back.
  bool could_use_more() const;
  bool is_open() const;
  void add(const Piece& piece);
  // The other side gets on, though it asks nothing; and it understands to be told so.
  void hear_at_work();
  void may_tell_at_work();
  void grant(std::uint64_t total);
  // Some of what is to be said; false when there is nothing.
  bool append_some(base::Bytes& pieces, std::size_t bytes_max);
  void lost(const base::Error& why);
  bool failed() const;
  void saw_round_trip(std::chrono::microseconds time);
  void count(const Talk::Moved& moved, Moment now);
  // Nothing more is to be said, and nobody listens any more.
  bool over() const;
  bool has_left() const;
  bool peer_has_left() const;

  // Only for the thread that moves bytes.
  RateLimit& sending_limit() { return sending_limit_; }
  RateLimit& receiving_limit() { return receiving_limit_; }
  void limit_sending(std::optional<base::ByteCount> told);  // as the other side wishes

 private:
  bool is_idle() const;
  base::Error idle_error() const;
  template <typename Condition>
  void wait(std::unique_lock<std::mutex>& lock, const Condition& condition);
  void wake();

  const std::string peer_;
  const base::CancelToken cancel_;
  const std::optional<base::ByteCount> limit_;
  const Width width_;
  RateLimit sending_limit_;
  RateLimit receiving_limit_;
  mutable std::mutex mutex_;
  std::condition_variable changed_;
  std::vector<std::function<void()>> wakes_;
  FrameCutter out_;
  FrameJoiner in_;
  RateMeter out_meter_;
  std::optional<std::chrono::microseconds> round_trip_;
  std::optional<base::Error> failure_;
  std::optional<std::chrono::milliseconds> idle_max_;
  Moment busy_at_{};  // when the other side last got on
  bool may_tell_at_work_ = false;
  bool at_work_due_ = false;
  Traffic sent_;
  Traffic received_;
  unsigned connections_ = 0;
  bool open_ = false;
  bool closed_ = false;
  bool left_ = false;
};

// The link itself, for one user; leaves when it is destroyed.
std::unique_ptr<Link> link_over(std::shared_ptr<LinkState> state);

}  // namespace jaunt::transport
