#include "codec/zstd_frame.hpp"

#include <random>

#include <doctest/doctest.h>

#include "base/error.hpp"

using namespace jaunt;

namespace {

base::Bytes text(std::size_t size) {
  base::Bytes bytes(size);
  for (std::size_t i = 0; i < size; ++i)
    bytes[i] = std::byte("to be or not to be "[i % 19]);
  return bytes;
}

base::Bytes noise(std::size_t size) {
  std::mt19937_64 random(1);
  base::Bytes bytes(size);
  for (std::byte& byte : bytes)
    byte = std::byte(random());
  return bytes;
}

base::Bytes frame_of(const base::Bytes& content) {
  base::Bytes frame;
  REQUIRE(codec::FrameCompressor().append_frame(content, content.size() + 100, frame));
  return frame;
}

void check_refused(const base::Bytes& frame, std::size_t announced) {
  base::Bytes into(announced);
  try {
    codec::FrameDecompressor().decompress(frame, into);
    FAIL("it was taken");
  } catch (const base::Error& error) {
    CHECK(error.kind() == base::ErrorKind::corrupt);
  }
}

}  // namespace

TEST_CASE("What was compressed comes back, behind what was there") {
  const base::Bytes content = text(200'000);
  base::Bytes out = text(10);
  REQUIRE(codec::FrameCompressor(1).append_frame(content, content.size(), out));
  CHECK(out.size() < 1000);
  base::Bytes back(content.size());
  codec::FrameDecompressor().decompress(base::ByteView(out).subspan(10), back);
  CHECK(back == content);
}

TEST_CASE("A frame longer than the bound leaves the output as it was") {
  const base::Bytes content = noise(10'000);
  base::Bytes out = text(10);
  CHECK_FALSE(codec::FrameCompressor().append_frame(content, 9'999, out));
  CHECK(out == text(10));
}

TEST_CASE("A frame that is cut, too long, or announces another size is refused") {
  const base::Bytes content = text(50'000);
  const base::Bytes frame = frame_of(content);
  check_refused(frame, content.size() - 1);
  check_refused(frame, content.size() + 1);
  check_refused({frame.begin(), frame.end() - 1}, content.size());
  check_refused({frame.begin(), frame.begin() + 5}, content.size());
  check_refused({}, 0);
  base::Bytes longer = frame;
  longer.push_back(std::byte{0});
  check_refused(longer, content.size());
}

TEST_CASE("A level that zstd does not have is a usage error") {
  CHECK_THROWS_AS(codec::FrameCompressor(0), base::Error);
  CHECK_THROWS_AS(codec::FrameCompressor(23), base::Error);
}
