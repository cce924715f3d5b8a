// Target images: built under a temporary name beside the final one, and visible only when they are whole.
#pragma once

#include <filesystem>
#include <memory>
#include <optional>

#include <sys/types.h>

#include "base/bytes.hpp"
#include "base/units.hpp"
#include "disk/chain.hpp"

namespace jaunt::disk {

struct WriterOptions {
  bool replace = false;  // an existing file is replaced on commit; otherwise it is an error of kind usage
  mode_t mode = 0600;
};

// An image under construction; reads as zeros (as its backing, where it has one) until written. One thread.
// Destruction without commit() leaves nothing behind. Errors name the final path.
class ImageWriter {
 public:
  virtual ~ImageWriter() = default;

  // In any order, within the size. Zero blocks among the bytes take no space.
  virtual void write(base::ByteOffset at, base::ByteView bytes) = 0;
  virtual void zero(base::ByteOffset at, base::ByteCount length) = 0;

  // Makes it durable, then visible. Nothing may be written afterwards.
  virtual void commit() = 0;
};

// A sparse file of exactly `size` bytes.
std::unique_ptr<ImageWriter> create_raw(const std::filesystem::path& path, base::ByteCount size,
                                        const WriterOptions& options = {});

// A qcow2 of `size` bytes, rounded up to whole sectors of 512; thin on the top of `backing` where that is given.
// Needs a child, so create it on a thread that lives as long.
std::unique_ptr<ImageWriter> create_qcow2(const std::filesystem::path& path, base::ByteCount size,
                                          const std::optional<Chain>& backing = std::nullopt,
                                          const WriterOptions& options = {});

}  // namespace jaunt::disk
