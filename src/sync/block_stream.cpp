#include "sync/block_stream.hpp"

#include <utility>

#include "base/error.hpp"

namespace jaunt::sync {

using base::Error;
using base::ErrorKind;
using Clock = std::chrono::steady_clock;

namespace {

void add(base::ByteView blocks, base::Bytes& history) {
  if (!blocks.empty())
    history.reserve(codec::kHistoryBytesMax);  // it never moves; memory is only what is filled
  history.insert(history.end(), blocks.begin(), blocks.end());
}

}  // namespace

transport::Stream BlockStreamWriter::begin(std::uint64_t link_bytes_per_second, unsigned window_bits,
                                           base::ByteView more_history) {
  if (more_history.size() > codec::kHistoryBytesMax - history_.size())
    throw Error(ErrorKind::limit, "answer", "the destination", "it tells of more blocks than a stream begins with");
  compressor_.reset();
  level_ = StreamLevel(link_bytes_per_second);
  window_bits_ = window_bits;
  add(more_history, history_);
  return {base::ByteCount(history_.size())};
}

transport::Blocks BlockStreamWriter::write(const PieceContent& content) {
  transport::Blocks blocks{.fresh = !compressor_, .piece = {}, .deltas = content.deltas};
  if (!compressor_) {
    compressor_.emplace(level_.level(), window_bits_, std::exchange(history_, {}));
    compressor_->append({}, blocks.piece);  // reads the history, which says nothing about the blocks
  }
  const auto start = Clock::now();
  compressor_->append(content.bytes, blocks.piece);
  compressing_ = Clock::now() - start;
  plain_ = base::ByteCount(content.bytes.size());
  compressed_ = base::ByteCount(blocks.piece.size());
  return blocks;
}

void BlockStreamWriter::sent(StreamLevel::Seconds sending, const std::optional<base::ByteCount>& link) {
  if (level_.account(plain_, compressed_, compressing_, sending, link))
    compressor_.reset();
}

void BlockStreamReader::add_history(base::ByteView blocks) {
  base::invariant(blocks.size() <= codec::kHistoryBytesMax - history_.size(), "a stream's history keeps its bound");
  decompressor_.reset();
  add(blocks, history_);
}

base::Bytes BlockStreamReader::read(const transport::Blocks& blocks, std::size_t bytes) {
  if (blocks.fresh)
    decompressor_.emplace(window_bits_, std::exchange(history_, {}));
  if (!decompressor_)
    throw Error(ErrorKind::corrupt, "read", "a stream of blocks", "it does not begin");
  base::Bytes content(bytes);
  decompressor_->read(blocks.piece, content);
  return content;
}

}  // namespace jaunt::sync
