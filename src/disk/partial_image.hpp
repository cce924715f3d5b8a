// A target that outlives the process that builds it: a hidden file beside the final one, until it is whole.
#pragma once

#include <filesystem>
#include <memory>
#include <optional>
#include <string>

#include "base/bytes.hpp"
#include "base/file.hpp"
#include "base/units.hpp"
#include "disk/chain.hpp"
#include "model/extent.hpp"

namespace jaunt::disk {

struct PartialImageSpec {
  std::filesystem::path path;        // of the hidden file, in the folder of the final one
  std::filesystem::path final_path;  // by which errors speak of it
  std::string format;                // "raw" or "qcow2"; anything else is unsupported
  base::ByteCount size;
  // Of a qcow2 that is to be thin: then it holds what this does not read as, and only that.
  std::optional<Chain> backing = {};
};

// Mode 0600. Reads as zeros, or as its backing, where nothing was written. Destruction leaves the file as it is. Any
// thread, but the one that opens it lives as long.
class PartialImage {
 public:
  virtual ~PartialImage() = default;

  // There was one already. What it holds is whatever an earlier process, or somebody else, left there.
  virtual bool found() const = 0;

  // Within the size. Zero blocks among the bytes take no space.
  virtual void write(base::ByteOffset at, base::ByteView bytes) = 0;
  virtual void read(base::ByteOffset at, std::span<std::byte> into) = 0;
  // The same bytes by reference to another file, from an offset on; false where that cannot be done here.
  virtual bool clone(base::ByteOffset at, const base::File& from, base::ByteOffset offset,
                     base::ByteCount length) = 0;
  // The next bytes from `at` on that may be something else than zeros.
  virtual std::optional<model::Extent> data_from(base::ByteOffset at) = 0;
  // What was written so far is still there when this process is killed.
  virtual void keep() = 0;
  // Of a thin one: bytes other than zeros that it has from its backing.
  virtual base::ByteCount referenced() { return {}; }

  // Makes it durable, then visible under its final name. Nothing may be done afterwards.
  virtual void commit(bool replace) = 0;
};

std::unique_ptr<PartialImage> open_partial_image(const PartialImageSpec& spec);

}  // namespace jaunt::disk
