#include "transport/piece.hpp"

#include <fmt/format.h>

#include "base/error.hpp"

namespace jaunt::transport {

using base::Error;
using base::ErrorKind;

namespace {

constexpr std::uint32_t kLengthBits = 24;

bool is_part(PieceKind kind) {
  return kind == PieceKind::part || kind == PieceKind::last;
}

bool is_known(std::uint8_t kind) {
  return (kind >= static_cast<std::uint8_t>(PieceKind::hello) &&
          kind <= static_cast<std::uint8_t>(PieceKind::at_work)) ||
         kind == static_cast<std::uint8_t>(PieceKind::invited) ||
         kind == static_cast<std::uint8_t>(PieceKind::inviter);
}

}  // namespace

void append_piece_header(base::Bytes& out, PieceKind kind, std::size_t body_bytes) {
  base::invariant(body_bytes <= kPieceBodyMax, "a piece is small");
  base::append_le(out, static_cast<std::uint32_t>(kind) | static_cast<std::uint32_t>(body_bytes) << 8);
}

void append_piece(base::Bytes& out, PieceKind kind, base::ByteView body) {
  append_piece_header(out, kind, body.size());
  out.insert(out.end(), body.begin(), body.end());
}

void append_piece(base::Bytes& out, PieceKind kind, std::uint64_t number) {
  base::Bytes body;
  base::append_le(body, number);
  append_piece(out, kind, body);
}

std::uint64_t number_in(const Piece& piece) {
  if (piece.body.size() != sizeof(std::uint64_t))
    throw Error(ErrorKind::corrupt, "understand", "the other node", "a number has a wrong length");
  return base::load_le<std::uint64_t>(piece.body);
}

void PieceReader::add(base::ByteView bytes) {
  bytes_.erase(bytes_.begin(), bytes_.begin() + static_cast<std::ptrdiff_t>(at_));
  at_ = 0;
  bytes_.insert(bytes_.end(), bytes.begin(), bytes.end());
}

std::optional<Piece> PieceReader::next() {
  const base::ByteView rest = base::ByteView(bytes_).subspan(at_);
  if (rest.size() < kPieceHeaderBytes)
    return std::nullopt;
  const auto header = base::load_le<std::uint32_t>(rest);
  const auto kind = static_cast<std::uint8_t>(header & 0xFF);
  const std::size_t length = header >> (32 - kLengthBits);
  if (!is_known(kind))
    throw Error(ErrorKind::corrupt, "understand", "the other node",
                fmt::format("there is no piece of kind {}", kind));
  if (length > (is_part(PieceKind{kind}) ? kPieceBodyMax : kControlBytesMax))
    throw Error(ErrorKind::limit, "understand", "the other node", fmt::format("a piece of {} bytes", length));
  if (rest.size() < kPieceHeaderBytes + length)
    return std::nullopt;
  at_ += kPieceHeaderBytes + length;
  return Piece{PieceKind{kind}, rest.subspan(kPieceHeaderBytes, length)};
}

}  // namespace jaunt::transport
