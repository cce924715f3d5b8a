#include "codec/zstd_stream.hpp"

#include <algorithm>
#include <random>

#include <doctest/doctest.h>

#include "base/error.hpp"
#include "support/seed.hpp"

using namespace jaunt;
using codec::StreamCompressor;
using codec::StreamDecompressor;

namespace {

base::Bytes noise(std::mt19937_64& random, std::size_t size) {
  base::Bytes bytes(size);
  for (std::byte& byte : bytes)
    byte = std::byte(random());
  return bytes;
}

base::Bytes read(StreamDecompressor& reader, const base::Bytes& piece, std::size_t size) {
  base::Bytes content(size);
  reader.read(piece, content);
  return content;
}

bool refused(StreamDecompressor& reader, const base::Bytes& piece, std::size_t size) {
  try {
    read(reader, piece, size);
  } catch (const base::Error& error) {
    return error.kind() == base::ErrorKind::corrupt;
  }
  return false;
}

}  // namespace

TEST_CASE("Each piece of a stream can be read as soon as it is there, and repeats cost next to nothing") {
  std::mt19937_64 random(1);
  StreamCompressor writer(3);
  StreamDecompressor reader;
  const base::Bytes first = noise(random, 300'000);
  for (int turn = 0; turn < 3; ++turn) {
    base::Bytes piece;
    writer.append(first, piece);
    CHECK(read(reader, piece, first.size()) == first);
    CHECK((turn == 0 ? piece.size() > first.size() : piece.size() < 1000));
  }
  base::Bytes nothing;
  writer.append({}, nothing);
  CHECK(read(reader, nothing, 0).empty());
}

TEST_CASE("What both sides hold already makes a new stream as small as if it went on") {
  std::mt19937_64 random(2);
  const base::Bytes known = noise(random, 1 << 20);
  for (const int level : {1, 3, 9, codec::kStreamLevelMax}) {
    StreamCompressor writer(level, 26, known);
    StreamDecompressor reader(26, known);
    base::Bytes piece;
    const base::ByteView part = base::ByteView(known).subspan(4096 * 50, 4096 * 100);
    writer.append(part, piece);
    CHECK(piece.size() < 1000);
    CHECK(read(reader, piece, part.size()) == base::Bytes(part.begin(), part.end()));
    StreamDecompressor without;
    CHECK(refused(without, piece, part.size()));
  }
}

TEST_CASE("A piece that holds more or less than was announced is refused, and so is all that follows") {
  std::mt19937_64 random(3);
  StreamCompressor writer(3);
  base::Bytes piece;
  writer.append(noise(random, 200'000), piece);
  for (const std::size_t size : {0, 1, 131'072, 199'999, 200'001}) {
    StreamDecompressor reader;
    CHECK(refused(reader, piece, size));
    CHECK(refused(reader, piece, 200'000));
  }
  StreamDecompressor reader;
  CHECK(refused(reader, base::Bytes(piece.begin(), piece.end() - 1), 200'000));
}

TEST_CASE("Pieces with flipped bits are refused or give other bytes, and never more of them") {
  testing::for_seeds(20, [](std::mt19937_64& random) {
    StreamCompressor writer(1 + static_cast<int>(random() % codec::kStreamLevelMax));
    base::Bytes content = noise(random, 1 + random() % 10'000);
    content.resize(content.size() * 3, std::byte{7});
    base::Bytes piece;
    writer.append(content, piece);
    for (int turn = 0; turn < 50; ++turn) {
      base::Bytes hurt = piece;
      hurt[random() % hurt.size()] ^= std::byte(1U << random() % 8);
      StreamDecompressor reader;
      base::Bytes into(content.size() + 16, std::byte{0x55});
      try {
        reader.read(hurt, std::span(into).first(content.size()));
      } catch (const base::Error& error) {
        CHECK(error.kind() == base::ErrorKind::corrupt);
      }
      CHECK(std::all_of(into.end() - 16, into.end(), [](std::byte byte) { return byte == std::byte{0x55}; }));
    }
  });
}
