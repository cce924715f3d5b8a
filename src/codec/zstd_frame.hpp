// One zstd frame at a time, both sides in memory and bounded by the caller.
#pragma once

#include <memory>
#include <span>

#include "base/bytes.hpp"

namespace jaunt::codec {

inline constexpr int kLevelDefault = 3;

// Reused from frame to frame; one per thread.
class FrameCompressor {
 public:
  explicit FrameCompressor(int level = kLevelDefault);  // 1 to 19; anything else is a usage error
  ~FrameCompressor();
  FrameCompressor(FrameCompressor&&) noexcept;

  // Appends the frame to `out` if it is at most `bytes_max` long; else leaves `out` as it was and returns false.
  bool append_frame(base::ByteView content, std::size_t bytes_max, base::Bytes& out);

 private:
  struct Context;
  std::unique_ptr<Context> context_;
};

// Reused from frame to frame; one per thread.
class FrameDecompressor {
 public:
  FrameDecompressor();
  ~FrameDecompressor();
  FrameDecompressor(FrameDecompressor&&) noexcept;

  // `frame` must be one frame, wholly, whose content fills `into` exactly; else throws corrupt. The frame is foreign:
  // nothing it says makes this use more memory than a window of `into`.
  void decompress(base::ByteView frame, std::span<std::byte> into);

 private:
  struct Context;
  std::unique_ptr<Context> context_;
};

}  // namespace jaunt::codec
