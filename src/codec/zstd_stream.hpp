// A stream compressed in one long window, in pieces that can each be read as soon as they are there.
#pragma once

#include <memory>
#include <span>

#include "base/bytes.hpp"

namespace jaunt::codec {

// How far back a stream looks: what both sides hold in memory, beside the history.
inline constexpr unsigned kWindowBitsMin = 20;
inline constexpr unsigned kWindowBitsMax = 27;
inline constexpr std::size_t kHistoryBytesMax = std::size_t{1} << 26;
inline constexpr int kStreamLevelMax = 13;  // none needs more memory than 9

// One thread. `history` is content that the reader has, too.
class StreamCompressor {
 public:
  // Level 1 to kStreamLevelMax, else a usage error; at most kHistoryBytesMax of history.
  explicit StreamCompressor(int level, unsigned window_bits = kWindowBitsMax, base::Bytes history = {});
  ~StreamCompressor();
  StreamCompressor(StreamCompressor&&) noexcept;
  StreamCompressor& operator=(StreamCompressor&&) noexcept;

  // Appends a piece to `out` from which, after all pieces before it, all of `content` can be had.
  void append(base::ByteView content, base::Bytes& out);

 private:
  struct Context;
  std::unique_ptr<Context> context_;
};

// One thread. The pieces are foreign: nothing they say makes this use more memory than a window and the history.
class StreamDecompressor {
 public:
  explicit StreamDecompressor(unsigned window_bits = kWindowBitsMax, base::Bytes history = {});
  ~StreamDecompressor();
  StreamDecompressor(StreamDecompressor&&) noexcept;
  StreamDecompressor& operator=(StreamDecompressor&&) noexcept;

  // The piece's content must fill `into` exactly; else throws corrupt, and nothing can be read any more.
  void read(base::ByteView piece, std::span<std::byte> into);

 private:
  struct Context;
  std::unique_ptr<Context> context_;
};

}  // namespace jaunt::codec
