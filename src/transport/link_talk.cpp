#include "transport/link_talk.hpp"

#include <algorithm>
#include <utility>

#include <fmt/format.h>

namespace jaunt::transport {

using base::Error;
using base::ErrorKind;
using std::chrono::duration_cast;
using std::chrono::microseconds;

namespace {

constexpr std::size_t kSayBytes = 64UL * 1024;
constexpr const char* kSubject = "the other node";
constexpr const char* kAtWork = "at-work";  // understands pieces of that kind

std::uint64_t number_of(Moment moment) {
  return static_cast<std::uint64_t>(duration_cast<microseconds>(moment.time_since_epoch()).count());
}

std::optional<base::ByteCount> max_from(base::ByteCount told) {
  return told.value == 0 ? std::nullopt : std::optional(told);
}

}  // namespace

LinkTalk::LinkTalk(std::shared_ptr<LinkState> state, const LinkId& link, Widen widen, const Patience& patience,
                   ReceiveMax receive_max, Moment now)
    : dials_(true),
      joins_(link != LinkId{}),
      widen_(std::move(widen)),
      patience_(patience),
      receive_max_(std::move(receive_max)),
      began_(now),
      state_(std::move(state)),
      link_(link) {}

LinkTalk::LinkTalk(Attach attach, const Patience& patience, ReceiveMax receive_max, Moment now)
    : dials_(false),
      joins_(false),
      patience_(patience),
      attach_(std::move(attach)),
      receive_max_(std::move(receive_max)),
      began_(now) {}

void LinkTalk::secured(const TlsStream& stream, Moment) {
  peer_key_ = stream.peer_key();
  greeting_due_ = dials_;
}

void LinkTalk::heard(const Piece& piece, Moment now) {
  heard_at_ = now;
  if (refusal_)
    return;  // what was under way when it was refused
  if (piece.kind == PieceKind::refusal)
    throw decode_refusal(piece.body);
  if (piece.kind == PieceKind::hello)
    return heard_greeting(piece, now);
  if (!heard_greeting_)
    throw Error(ErrorKind::corrupt, "understand", kSubject, "it does not say hello first");
  switch (piece.kind) {
    case PieceKind::part:
    case PieceKind::last:
    case PieceKind::end:
    case PieceKind::leave:
      return state_->add(piece);
    case PieceKind::credit:
      return state_->grant(number_in(piece));
    case PieceKind::ping:
      pong_due_ = number_in(piece);
      return;
    case PieceKind::pong:
      return heard_pong(number_in(piece), now);
    case PieceKind::limit:
      return state_->limit_sending(max_from(base::ByteCount(number_in(piece))));
    case PieceKind::at_work:
      if (!piece.body.empty())
        throw Error(ErrorKind::corrupt, "understand", kSubject, "what says only that it is at work says more");
      return state_->hear_at_work();
    default:
      throw Error(ErrorKind::corrupt, "understand", kSubject, "it says something that has no place in a link");
  }
}

void LinkTalk::heard_greeting(const Piece& piece, Moment now) {
  if (std::exchange(heard_greeting_, true))
    throw Error(ErrorKind::corrupt, "understand", kSubject, "it says hello twice");
  try {
    const Greeting theirs = decode_greeting(piece.body);
    const bool joined = dials_ ? joins_ : theirs.link != LinkId{};
    if (dials_) {
      link_ = theirs.link;
      state_->saw_round_trip(duration_cast<microseconds>(now - greeted_at_));
    } else {
      Attached attached = attach_(theirs, *peer_key_);
      state_ = std::move(attached.state);
      link_ = attached.link;
      greeting_due_ = true;
      ping_due_ = true;  // the side that dials learns the round trip from the hello
    }
    state_->limit_sending(max_from(theirs.receive_max));
    if (std::ranges::find(theirs.features, kAtWork) != theirs.features.end())
      state_->may_tell_at_work();
    state_->add_connection();
    if (!joined)
      state_->open(theirs.credit);
    if (wake_)
      state_->on_wish_to_say(wake_);
  } catch (const Error& failure) {
    if (dials_)
      throw;
    refusal_ = failure;  // and it is told
  }
}

void LinkTalk::heard_pong(std::uint64_t number, Moment now) {
  if (!pinged_at_ || number != number_of(*pinged_at_))
    throw Error(ErrorKind::corrupt, "understand", kSubject, "it answers what was not asked");
  state_->saw_round_trip(duration_cast<microseconds>(now - *pinged_at_));
  pinged_at_.reset();
}

void LinkTalk::greet(base::Bytes& pieces, Moment now) {
  told_max_ = receive_max_();
  append_piece(pieces, PieceKind::hello,
               encode(Greeting{.version = kLinkVersion,
                               .link = link_,
                               .credit = kCreditBytes,
                               .receive_max = told_max_.value_or(base::ByteCount{}),
                               .features = {kAtWork}}));
  greeting_due_ = false;
  greeted_at_ = now;
}

void LinkTalk::say_limit(base::Bytes& pieces) {
  const auto wanted = receive_max_();
  if (wanted == told_max_)
    return;
  told_max_ = wanted;
  append_piece(pieces, PieceKind::limit, wanted.value_or(base::ByteCount{}).value);
}

void LinkTalk::say(base::Bytes& pieces, Moment now) {
  if (refusal_) {
    if (!std::exchange(refusal_said_, true))
      append_piece(pieces, PieceKind::refusal, encode_refusal(*refusal_));
    return;
  }
  if (greeting_due_)
    greet(pieces, now);
  if (!greeted())
    return;
  say_limit(pieces);
  if (pong_due_)
    append_piece(pieces, PieceKind::pong, *std::exchange(pong_due_, std::nullopt));
  if (std::exchange(ping_due_, false)) {
    append_piece(pieces, PieceKind::ping, number_of(now));
    pinged_at_ = now;
  }
  state_->append_some(pieces, kSayBytes);
}

void LinkTalk::tick(Moment now) {
  if (!heard_greeting_) {
    if (now - began_ > patience_.handshake)
      throw Error(ErrorKind::peer, "greet", kSubject, "it took too long to say hello");
    return;
  }
  if (refusal_)
    return;
  if (state_->failed())
    throw Error(ErrorKind::peer, "talk to", kSubject, "another connection of this link was lost");
  if (now - heard_at_ > patience_.silence)
    throw Error(ErrorKind::peer, "hear from", kSubject,
                fmt::format("it was silent for {} seconds",
                            std::chrono::duration_cast<std::chrono::seconds>(patience_.silence).count()));
  if (now - heard_at_ > patience_.ping && !pinged_at_)
    ping_due_ = true;
  if (widen_ && state_->could_use_more())
    std::exchange(widen_, nullptr)(link_);
  if (!state_->has_left())
    return;
  if (left_at_ == Moment{})
    left_at_ = now;
  if (now - left_at_ > patience_.farewell)
    throw Error(ErrorKind::peer, "say farewell to", kSubject, "it did not take what was still to be sent");
}

bool LinkTalk::over() const {
  return refusal_ ? refusal_said_ : heard_end_ || (state_ != nullptr && heard_greeting_ && state_->over());
}

void LinkTalk::heard_end() {
  if (!greeted())
    return Talk::heard_end();
  heard_end_ = true;
}

bool LinkTalk::count(const Moved& moved, Moment now) {
  if (state_ != nullptr)
    state_->count(moved, now);
  return state_ != nullptr;
}

void LinkTalk::lost(const Error& why) {
  if (state_ == nullptr || (joins_ && !greeted()))
    return;  // a link goes on without a connection that it never had
  if (heard_end_)
    state_->remove_connection(why);
  else
    state_->lost(why);
}

}  // namespace jaunt::transport
