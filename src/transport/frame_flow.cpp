#include "transport/frame_flow.hpp"

#include <algorithm>
#include <utility>

#include "base/error.hpp"

namespace jaunt::transport {

using base::Error;
using base::ErrorKind;

namespace {

constexpr std::uint64_t kWorthTelling = kCreditBytes / 8;

[[noreturn]] void refuse(ErrorKind kind, const char* cause) {
  throw Error(kind, "understand", "the other node", cause);
}

// As append_piece() would, without putting the body together first.
void append_numbered(base::Bytes& out, PieceKind kind, std::uint32_t number, base::ByteView bytes) {
  append_piece_header(out, kind, kPieceNumberBytes + bytes.size());
  base::append_le(out, number);
  out.insert(out.end(), bytes.begin(), bytes.end());
}

}  // namespace

void FrameCutter::add(base::Bytes frame) {
  base::invariant(frame.size() <= kFrameBytesMax.value, "a frame is at most 16 MiB");
  base::invariant(farewells_.empty(), "no frame comes after the end");
  queued_ += frame.size();
  frames_.push_back(std::move(frame));
}

void FrameCutter::add(PieceKind farewell) {
  farewells_.push_back(farewell);
}

void FrameCutter::drop_frames() {
  frames_.clear();
  farewells_.clear();
  at_ = 0;
  queued_ = 0;
}

void FrameCutter::grant(std::uint64_t total) {
  granted_ = std::max(granted_, total);
}

bool FrameCutter::append_next(base::Bytes& out) {
  if (!frames_.empty())
    return append_part(out);
  if (farewells_.empty())
    return false;
  append_numbered(out, farewells_.front(), number_++, {});
  farewells_.pop_front();
  return true;
}

bool FrameCutter::append_part(base::Bytes& out) {
  const base::Bytes& frame = frames_.front();
  const std::size_t length = std::min(kPartBytesMax, frame.size() - at_);
  if (granted_ < spent_ + length + kPieceCost)
    return false;
  spent_ += length + kPieceCost;
  queued_ -= length;
  const bool last = at_ + length == frame.size();
  append_numbered(out, last ? PieceKind::last : PieceKind::part, number_++,
                  base::ByteView(frame).subspan(at_, length));
  at_ += length;
  if (last) {
    frames_.pop_front();
    at_ = 0;
  }
  return true;
}

void FrameJoiner::add(const Piece& piece) {
  if (piece.body.size() < kPieceNumberBytes)
    refuse(ErrorKind::corrupt, "a piece has no number");
  const auto number = base::load_le<std::uint32_t>(piece.body);
  const base::ByteView bytes = piece.body.subspan(kPieceNumberBytes);
  const bool farewell = piece.kind == PieceKind::end || piece.kind == PieceKind::leave;
  if (farewell ? !bytes.empty() : bytes.empty() && piece.kind == PieceKind::part)
    refuse(ErrorKind::corrupt, "a piece has a length that it cannot have");
  if (!farewell)
    received_ += bytes.size() + kPieceCost;
  if (received_ > granted_)
    refuse(ErrorKind::limit, "it sends more than it was allowed");
  if (number == next_) {
    put_in_order(piece.kind, bytes);
    for (auto found = early_.find(next_); found != early_.end(); found = early_.find(next_)) {
      const auto kept = early_.extract(found);
      put_in_order(kept.mapped().kind, kept.mapped().bytes);
    }
    return;
  }
  // Each part costs credit, and there are two farewells.
  const std::uint32_t ahead = number - next_;
  if (left_ || ahead > kCreditBytes / kPieceCost + 2 || early_.size() > kCreditBytes / kPieceCost)
    refuse(ErrorKind::corrupt, "its pieces are not in order");
  if (!early_.try_emplace(number, Kept{piece.kind, base::Bytes(bytes.begin(), bytes.end())}).second)
    refuse(ErrorKind::corrupt, "a piece came twice");
}

void FrameJoiner::put_in_order(PieceKind kind, base::ByteView bytes) {
  if (left_ || (ended_ && kind != PieceKind::leave))
    refuse(ErrorKind::corrupt, "more came after the end");
  ++next_;
  if (kind == PieceKind::end)
    ended_ = true;
  else if (kind == PieceKind::leave)
    left_ = true;
  else {
    if (frame_.size() + bytes.size() > kFrameBytesMax.value)
      refuse(ErrorKind::limit, "a frame is longer than 16 MiB");
    frame_.insert(frame_.end(), bytes.begin(), bytes.end());
    frame_cost_ += bytes.size() + kPieceCost;
    if (kind == PieceKind::last)
      frames_.emplace_back(std::exchange(frame_, {}), std::exchange(frame_cost_, 0));
  }
}

std::optional<base::Bytes> FrameJoiner::take() {
  if (frames_.empty())
    return std::nullopt;
  auto [frame, cost] = std::move(frames_.front());
  frames_.pop_front();
  taken_ += cost;
  return std::move(frame);
}

std::optional<std::uint64_t> FrameJoiner::grant() {
  if (taken_ + kCreditBytes < granted_ + kWorthTelling)
    return std::nullopt;
  granted_ = taken_ + kCreditBytes;
  return granted_;
}

}  // namespace jaunt::transport
