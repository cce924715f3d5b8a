#include "transport/link_state.hpp"

#include <algorithm>
#include <utility>

#include <fmt/format.h>

#include "base/quantity.hpp"

namespace jaunt::transport {

using namespace std::chrono_literals;
using base::Error;
using base::ErrorKind;

namespace {

constexpr auto kLookAtToken = 50ms;  // the token wakes nobody
// Beyond this send() waits; a first frame always goes in.
constexpr std::uint64_t kQueuedBytesMax = 4 * base::kMiB;

// A user's end of it.
class StateLink : public Link {
 public:
  explicit StateLink(std::shared_ptr<LinkState> state) : state_(std::move(state)) {}
  ~StateLink() override { state_->leave(); }
  StateLink(const StateLink&) = delete;
  StateLink& operator=(const StateLink&) = delete;

  const std::string& peer() const override { return state_->peer(); }
  void send(base::Bytes frame) override { state_->send(std::move(frame)); }
  std::optional<base::Bytes> receive() override { return state_->receive(); }
  void close() override { state_->close(); }
  void wait_for_answers() override { state_->never_give_up(); }
  Traffic sent() const override { return state_->sent(); }
  Traffic received() const override { return state_->received(); }
  Measured measured() const override { return state_->measured(); }
  void give_up_when_idle(std::chrono::milliseconds longest) override { state_->give_up_when_idle(longest); }
  void tell_at_work() override { state_->tell_at_work(); }

 private:
  const std::shared_ptr<LinkState> state_;
};

}  // namespace

LinkState::LinkState(std::string peer, base::CancelToken cancel, std::optional<base::ByteCount> limit,
                     const Width& width)
    : peer_(std::move(peer)), cancel_(std::move(cancel)), limit_(limit), width_(width) {
  sending_limit_.set(limit);
  receiving_limit_.set(limit);
}

template <typename Condition>
void LinkState::wait(std::unique_lock<std::mutex>& lock, const Condition& condition) {
  while (!changed_.wait_for(lock, kLookAtToken, condition))
    cancel_.check();
}

void LinkState::wake() {
  for (const auto& wake : wakes_)
    wake();
}

void LinkState::wait_until_open() {
  std::unique_lock lock(mutex_);
  wait(lock, [&] { return open_ || failure_; });
  if (!open_)
    throw Error(*failure_);
}

void LinkState::send(base::Bytes frame) {
  std::unique_lock lock(mutex_);
  base::invariant(!closed_, "nothing is sent after close()");
  const auto room = [&] { return out_.empty() || out_.queued_bytes() + frame.size() <= kQueuedBytesMax; };
  wait(lock, [&] { return failure_ || in_.left() || room() || is_idle(); });
  if (in_.left())
    throw Error(ErrorKind::peer, "send to", peer_, "it is gone");
  if (failure_)
    throw failure_->within("send to", peer_);
  if (!room())
    throw idle_error();
  ++sent_.frames;
  busy_at_ = Clock::now();
  out_.add(std::move(frame));
  wake();
}

std::optional<base::Bytes> LinkState::receive() {
  std::unique_lock lock(mutex_);
  busy_at_ = std::max(busy_at_, Clock::now());
  wait(lock, [&] { return in_.has_frame() || in_.ended() || in_.left() || failure_ || is_idle(); });
  if (auto frame = in_.take()) {
    ++received_.frames;
    wake();  // there may be more credit to give
    return frame;
  }
  if (in_.ended())
    return std::nullopt;
  if (in_.left())
    throw Error(ErrorKind::peer, "receive from", peer_, "it is gone");
  if (failure_)
    throw failure_->within("receive from", peer_);
  throw idle_error();
}

// It is the other side's turn where all its questions are answered, or something waits to be taken.
bool LinkState::is_idle() const {
  const bool its_turn = !out_.empty() || received_.frames <= sent_.frames;
  return idle_max_ && its_turn && Clock::now() - busy_at_ > *idle_max_;
}

Error LinkState::idle_error() const {
  return {ErrorKind::peer, "wait for", peer_,
          fmt::format("for {} it has {}", base::human_duration(*idle_max_),
                      out_.empty() ? "asked nothing" : "taken nothing of what is sent to it")};
}

void LinkState::close() {
  const std::scoped_lock lock(mutex_);
  if (std::exchange(closed_, true))
    return;
  out_.add(PieceKind::end);
  wake();
}

void LinkState::leave() {
  const std::scoped_lock lock(mutex_);
  if (std::exchange(left_, true))
    return;
  closed_ = true;
  if (cancel_.cancelled())
    out_.drop_frames();
  out_.add(PieceKind::leave);
  wake();
}

Traffic LinkState::sent() const {
  const std::scoped_lock lock(mutex_);
  return sent_;
}

Traffic LinkState::received() const {
  const std::scoped_lock lock(mutex_);
  return received_;
}

Measured LinkState::measured() const {
  const std::scoped_lock lock(mutex_);
  return {.sending = out_meter_.rate(), .round_trip = round_trip_};
}

void LinkState::give_up_when_idle(std::chrono::milliseconds longest) {
  const std::scoped_lock lock(mutex_);
  idle_max_ = longest;
}

void LinkState::never_give_up() {
  const std::scoped_lock lock(mutex_);
  idle_max_.reset();
}

void LinkState::tell_at_work() {
  const std::scoped_lock lock(mutex_);
  at_work_due_ = may_tell_at_work_;
  wake();
}

void LinkState::hear_at_work() {
  const std::scoped_lock lock(mutex_);
  busy_at_ = Clock::now();
}

void LinkState::may_tell_at_work() {
  const std::scoped_lock lock(mutex_);
  may_tell_at_work_ = true;
}

void LinkState::on_wish_to_say(std::function<void()> wake) {
  const std::scoped_lock lock(mutex_);
  if (!failure_)
    wakes_.push_back(std::move(wake));
}

void LinkState::open(std::uint64_t credit) {
  const std::scoped_lock lock(mutex_);
  out_.grant(credit);
  open_ = true;
  changed_.notify_all();
}

void LinkState::add_connection() {
  const std::scoped_lock lock(mutex_);
  ++connections_;
}

void LinkState::remove_connection(const Error& why) {
  const bool last = [&] {
    const std::scoped_lock lock(mutex_);
    return --connections_ == 0;
  }();
  if (last)
    lost(why);
}

bool LinkState::could_use_more() const {
  const std::scoped_lock lock(mutex_);
  return width_.connections > 1 && round_trip_ && *round_trip_ >= width_.round_trip_min && !left_ &&
         sent_.bytes.value + received_.bytes.value >= width_.bytes_min;
}

bool LinkState::is_open() const {
  const std::scoped_lock lock(mutex_);
  return open_;
}

void LinkState::add(const Piece& piece) {
  const std::scoped_lock lock(mutex_);
  in_.add(piece);
  busy_at_ = Clock::now();
  if (in_.has_frame() || in_.ended() || in_.left())
    changed_.notify_all();
}

void LinkState::grant(std::uint64_t total) {
  const std::scoped_lock lock(mutex_);
  out_.grant(total);
}

bool LinkState::append_some(base::Bytes& pieces, std::size_t bytes_max) {
  const std::scoped_lock lock(mutex_);
  const std::size_t before = pieces.size();
  if (const auto total = in_.grant())
    append_piece(pieces, PieceKind::credit, *total);
  if (std::exchange(at_work_due_, false))
    append_piece(pieces, PieceKind::at_work, base::ByteView());
  while (pieces.size() < bytes_max && out_.append_next(pieces))
    busy_at_ = Clock::now();
  changed_.notify_all();
  return pieces.size() > before;
}

void LinkState::lost(const Error& why) {
  const std::scoped_lock lock(mutex_);
  wakes_.clear();
  if (!failure_)
    failure_ = why;
  changed_.notify_all();
}

bool LinkState::failed() const {
  const std::scoped_lock lock(mutex_);
  return failure_.has_value();
}

void LinkState::saw_round_trip(std::chrono::microseconds time) {
  const std::scoped_lock lock(mutex_);
  round_trip_ = round_trip_ ? std::min(*round_trip_, time) : time;
}

void LinkState::count(const Talk::Moved& moved, Moment now) {
  const std::scoped_lock lock(mutex_);
  sent_.bytes += base::ByteCount(moved.sent);
  received_.bytes += base::ByteCount(moved.received);
  if (moved.sent > 0)
    out_meter_.moved(moved.sent, moved.kept_busy, now);
}

void LinkState::limit_sending(std::optional<base::ByteCount> told) {
  sending_limit_.set(limit_ && told ? std::min(limit_, told) : limit_ ? limit_ : told);
}

bool LinkState::over() const {
  const std::scoped_lock lock(mutex_);
  return left_ && out_.empty();
}

bool LinkState::has_left() const {
  const std::scoped_lock lock(mutex_);
  return left_;
}

bool LinkState::peer_has_left() const {
  const std::scoped_lock lock(mutex_);
  return in_.left();
}

std::unique_ptr<Link> link_over(std::shared_ptr<LinkState> state) {
  return std::make_unique<StateLink>(std::move(state));
}

}  // namespace jaunt::transport
