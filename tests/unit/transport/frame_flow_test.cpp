#include "transport/frame_flow.hpp"

#include <doctest/doctest.h>

#include "support/failure.hpp"

using namespace jaunt;
using namespace jaunt::transport;
using base::ErrorKind;
using test_support::kind_of_failure;

namespace {

base::Bytes frame(std::size_t size, int fill) {
  return base::Bytes(size, std::byte(fill));
}

// The pieces that may go now.
std::vector<base::Bytes> pieces_of(FrameCutter& cutter) {
  std::vector<base::Bytes> pieces(1);
  while (cutter.append_next(pieces.back()))
    pieces.emplace_back();
  pieces.pop_back();
  return pieces;
}

void give(FrameJoiner& joiner, const base::Bytes& bytes) {
  PieceReader reader;
  reader.add(bytes);
  while (const auto piece = reader.next())
    joiner.add(*piece);
}

FrameCutter cutter_with_credit() {
  FrameCutter cutter;
  cutter.grant(kCreditBytes);
  return cutter;
}

base::Bytes part(PieceKind kind, std::uint32_t number, std::size_t size) {
  base::Bytes body;
  base::append_le(body, number);
  body.resize(body.size() + size);
  base::Bytes piece;
  append_piece(piece, kind, body);
  return piece;
}

}  // namespace

TEST_CASE("Frames of every size come out of their pieces as they were, in whichever order the pieces come") {
  FrameCutter cutter = cutter_with_credit();
  FrameJoiner joiner;
  for (const std::size_t size : {std::size_t{0}, std::size_t{1}, kPartBytesMax, kPartBytesMax + 1, 5 * kPartBytesMax})
    cutter.add(frame(size, 3));
  cutter.add(PieceKind::end);
  auto pieces = pieces_of(cutter);
  CHECK(pieces.size() == 1 + 1 + 1 + 2 + 5 + 1);
  for (auto piece = pieces.rbegin(); piece != pieces.rend(); ++piece)
    give(joiner, *piece);
  for (const std::size_t size : {std::size_t{0}, std::size_t{1}, kPartBytesMax, kPartBytesMax + 1, 5 * kPartBytesMax})
    CHECK(joiner.take() == frame(size, 3));
  CHECK(joiner.take() == std::nullopt);
  CHECK(joiner.ended());
}

TEST_CASE("A sender stops where its credit ends and goes on when frames are taken, whatever their size") {
  FrameCutter cutter = cutter_with_credit();
  FrameJoiner joiner;
  const std::size_t sizes[] = {kFrameBytesMax.value, 1, kFrameBytesMax.value, kFrameBytesMax.value, 1000};
  for (int i = 0; i < 5; ++i)
    cutter.add(frame(sizes[i], i));
  int taken = 0;
  for (int round = 0; round < 20 && taken < 5; ++round) {
    for (const base::Bytes& piece : pieces_of(cutter))
      give(joiner, piece);
    if (round == 0)
      CHECK_FALSE(cutter.empty());
    while (const auto next = joiner.take()) {
      CHECK(*next == frame(sizes[taken], taken));
      ++taken;
    }
    if (const auto total = joiner.grant())
      cutter.grant(*total);
  }
  CHECK(taken == 5);
  CHECK(cutter.empty());
}

TEST_CASE("A sender without credit sends nothing, and old news of its credit change nothing") {
  FrameCutter cutter;
  cutter.add(frame(10, 1));
  CHECK(pieces_of(cutter).empty());
  cutter.grant(10 + kPieceCost);
  CHECK(pieces_of(cutter).size() == 1);
  cutter.add(frame(10, 1));
  cutter.grant(2 * (10 + kPieceCost));
  cutter.grant(9);
  CHECK(pieces_of(cutter).size() == 1);
}

TEST_CASE("More than was allowed is refused, also in the smallest pieces") {
  FrameJoiner joiner;
  const auto flood = [&] {
    for (std::uint32_t number = 0;; ++number)
      give(joiner, part(PieceKind::last, number, 0));
  };
  CHECK(kind_of_failure(flood) == ErrorKind::limit);
  FrameJoiner early;
  const auto flood_early = [&] {
    for (std::uint32_t number = 1;; ++number)
      give(early, part(PieceKind::part, number, 1));
  };
  CHECK(kind_of_failure(flood_early) == ErrorKind::limit);
}

TEST_CASE("A frame that is too long, a piece that comes twice and pieces from nowhere are refused") {
  FrameJoiner joiner;
  const auto too_long = [&] {
    for (std::uint32_t number = 0;; ++number)
      give(joiner, part(PieceKind::part, number, kPartBytesMax));
  };
  CHECK(kind_of_failure(too_long) == ErrorKind::limit);
  const auto kind_after = [](const std::vector<base::Bytes>& pieces) {
    FrameJoiner fresh;
    return kind_of_failure([&] {
      for (const base::Bytes& piece : pieces)
        give(fresh, piece);
    });
  };
  CHECK(kind_after({part(PieceKind::part, 3, 1), part(PieceKind::part, 3, 1)}) == ErrorKind::corrupt);
  CHECK(kind_after({part(PieceKind::part, 0, 1), part(PieceKind::part, 0, 1)}) == ErrorKind::corrupt);
  CHECK(kind_after({part(PieceKind::part, 0x8000'0000, 1)}) == ErrorKind::corrupt);
  CHECK(kind_after({part(PieceKind::part, 0, 0)}) == ErrorKind::corrupt);
  CHECK(kind_after({part(PieceKind::end, 0, 1)}) == ErrorKind::corrupt);
  CHECK(kind_after({part(PieceKind::end, 0, 0), part(PieceKind::last, 1, 1)}) == ErrorKind::corrupt);
  CHECK(kind_after({part(PieceKind::end, 0, 0), part(PieceKind::leave, 1, 0)}) == std::nullopt);
}
