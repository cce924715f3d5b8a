// The stream of all blocks of a conversation, at both of its ends.
#pragma once

#include <optional>

#include "base/bytes.hpp"
#include "codec/zstd_stream.hpp"
#include "sync/block_deltas.hpp"
#include "sync/stream_level.hpp"
#include "transport/messages.hpp"

namespace jaunt::sync {

// The source's end. One thread.
class BlockStreamWriter {
 public:
  // Of an AskStream: what the destination says, and the blocks that it holds. Too much history is a limit error.
  transport::Stream begin(std::uint64_t link_bytes_per_second, unsigned window_bits, base::ByteView more_history);
  transport::Blocks write(const PieceContent& content);
  // How long the piece written last took to be sent, and how fast the link has shown to be.
  void sent(StreamLevel::Seconds sending, const std::optional<base::ByteCount>& link = {});

 private:
  StreamLevel level_{0};
  unsigned window_bits_ = codec::kWindowBitsMin;
  base::Bytes history_;
  std::optional<codec::StreamCompressor> compressor_;
  base::ByteCount plain_;
  base::ByteCount compressed_;
  StreamLevel::Seconds compressing_{0};
};

// The destination's end. One thread.
class BlockStreamReader {
 public:
  explicit BlockStreamReader(unsigned window_bits = codec::kWindowBitsMax) : window_bits_(window_bits) {}

  unsigned window_bits() const { return window_bits_; }
  // In the order in which the source was told.
  void add_history(base::ByteView blocks);
  // What makes so many bytes, blocks or deltas. Throws corrupt.
  base::Bytes read(const transport::Blocks& blocks, std::size_t bytes);

 private:
  unsigned window_bits_;
  base::Bytes history_;
  std::optional<codec::StreamDecompressor> decompressor_;
};

}  // namespace jaunt::sync
