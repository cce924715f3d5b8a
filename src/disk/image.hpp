// A disk image as bytes and blocks, whatever holds it. Read-only: nothing here can write to a source.
#pragma once

#include <cstddef>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "base/units.hpp"
#include "model/extent.hpp"

namespace jaunt::disk {

// What is known about a range without reading it.
struct Allocation {
  model::Extent extent;
  bool zero = false;    // reads as zeros, without doubt
  bool absent = false;  // only in an image of one layer: not held by it, a deeper layer answers; implies zero
};

// One thread's way into an image. Errors are Errors that name the image; a source that dies or hangs is an error too.
class Reader {
 public:
  virtual ~Reader() = default;

  // Exactly these bytes; reading beyond the image's size is a broken invariant.
  virtual void read(base::ByteOffset at, std::span<std::byte> into) = 0;

  // Allocation from `at` on: contiguous, in order, at least one entry, at most `length` bytes in all but possibly
  // fewer, so callers loop.
  virtual std::vector<Allocation> allocation(base::ByteOffset at, base::ByteCount length) = 0;
};

// An opened image. Any thread may ask it for readers, which it must outlive.
class Image {
 public:
  virtual ~Image() = default;

  virtual const std::string& name() const = 0;  // for messages
  virtual base::ByteCount size() const = 0;
  virtual std::unique_ptr<Reader> reader() const = 0;
};

}  // namespace jaunt::disk
