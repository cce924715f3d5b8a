// What crosses a secured connection: pieces, each behind its kind and length.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>

#include "base/bytes.hpp"

namespace jaunt::transport {

enum class PieceKind : std::uint8_t {
  hello = 1,    // the first from either side
  refusal = 2,  // instead of a hello or an answer; the connection ends
  part = 3,     // of a frame
  last = 4,     // part of a frame
  end = 5,      // nothing more comes from this side
  leave = 6,    // this side is gone
  credit = 7,   // how much the other side may have sent in all
  ping = 8,
  pong = 9,
  limit = 10,    // how fast this side wants to receive
  at_work = 11,  // this side gets on, though it asks nothing
  invited = 16,  // pairing: whoever has a token
  inviter = 17,  // pairing: whoever gave it
};

inline constexpr std::size_t kPieceHeaderBytes = 4;
inline constexpr std::size_t kPieceNumberBytes = 4;        // of parts, end and leave
inline constexpr std::size_t kPartBytesMax = 32UL * 1024;    // of a frame in one piece
inline constexpr std::size_t kControlBytesMax = 8UL * 1024;  // in any other piece
inline constexpr std::size_t kPieceBodyMax = kPieceNumberBytes + kPartBytesMax;

struct Piece {
  PieceKind kind;
  base::ByteView body;
};

void append_piece(base::Bytes& out, PieceKind kind, base::ByteView body);
// Its body follows.
void append_piece_header(base::Bytes& out, PieceKind kind, std::size_t body_bytes);
// A piece that is only a number.
void append_piece(base::Bytes& out, PieceKind kind, std::uint64_t number);
// Throws corrupt when it is not one.
std::uint64_t number_in(const Piece& piece);

// Finds the pieces in bytes that come in any portions.
class PieceReader {
 public:
  void add(base::ByteView bytes);
  // Valid until the next call of either. Throws corrupt and limit; nothing is read after that.
  std::optional<Piece> next();

 private:
  base::Bytes bytes_;
  std::size_t at_ = 0;
};

}  // namespace jaunt::transport
