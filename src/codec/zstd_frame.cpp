#include "codec/zstd_frame.hpp"

#include <string>

#include <zstd.h>
#include <zstd_errors.h>

#include "base/error.hpp"

namespace jaunt::codec {

namespace {

using base::Error;
using base::ErrorKind;

[[noreturn]] void refuse(const char* cause) {
  throw Error(ErrorKind::corrupt, "decompress", "a zstd frame", cause);
}

}  // namespace

struct FrameCompressor::Context {
  ZSTD_CCtx* zstd = ZSTD_createCCtx();

  Context() { base::invariant(zstd != nullptr, "there is memory for zstd"); }
  ~Context() { ZSTD_freeCCtx(zstd); }
};

FrameCompressor::FrameCompressor(int level) : context_(std::make_unique<Context>()) {
  if (level < 1 || level > 19)
    throw Error(ErrorKind::usage, "compress at level", std::to_string(level), "levels are 1 to 19");
  ZSTD_CCtx_setParameter(context_->zstd, ZSTD_c_compressionLevel, level);
}

FrameCompressor::~FrameCompressor() = default;
FrameCompressor::FrameCompressor(FrameCompressor&&) noexcept = default;

bool FrameCompressor::append_frame(base::ByteView content, std::size_t bytes_max, base::Bytes& out) {
  const std::size_t before = out.size();
  out.resize(before + bytes_max);
  const std::size_t length =
      ZSTD_compress2(context_->zstd, out.data() + before, bytes_max, content.data(), content.size());
  const bool fits = ZSTD_isError(length) == 0;
  out.resize(before + (fits ? length : 0));
  if (!fits && ZSTD_getErrorCode(length) != ZSTD_error_dstSize_tooSmall)
    throw Error(ErrorKind::limit, "compress", std::to_string(content.size()) + " bytes", ZSTD_getErrorName(length));
  return fits;
}

struct FrameDecompressor::Context {
  ZSTD_DCtx* zstd = ZSTD_createDCtx();

  Context() { base::invariant(zstd != nullptr, "there is memory for zstd"); }
  ~Context() { ZSTD_freeDCtx(zstd); }
};

FrameDecompressor::FrameDecompressor() : context_(std::make_unique<Context>()) {}
FrameDecompressor::~FrameDecompressor() = default;
FrameDecompressor::FrameDecompressor(FrameDecompressor&&) noexcept = default;

void FrameDecompressor::decompress(base::ByteView frame, std::span<std::byte> into) {
  const auto said = ZSTD_getFrameContentSize(frame.data(), frame.size());
  if (said == ZSTD_CONTENTSIZE_ERROR || said == ZSTD_CONTENTSIZE_UNKNOWN || said != into.size())
    refuse("it does not hold what was announced");
  const std::size_t frame_bytes = ZSTD_findFrameCompressedSize(frame.data(), frame.size());
  if (ZSTD_isError(frame_bytes) != 0 || frame_bytes != frame.size())
    refuse("it does not end where it should");
  const std::size_t got = ZSTD_decompressDCtx(context_->zstd, into.data(), into.size(), frame.data(), frame.size());
  if (ZSTD_isError(got) != 0)
    refuse(ZSTD_getErrorName(got));
  if (got != into.size())
    refuse("it does not hold what was announced");
}

}  // namespace jaunt::codec
