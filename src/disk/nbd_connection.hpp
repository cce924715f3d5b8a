// One connection to an NBD export, every wait bounded.
#pragma once

#include <chrono>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "base/bytes.hpp"
#include "base/units.hpp"
#include "disk/nbd_image.hpp"
#include "model/extent.hpp"

struct nbd_handle;

namespace jaunt::disk {

// One thread. After an Error the connection is unusable: a late answer might still be under way.
class NbdConnection {
 public:
  struct Options {
    std::string name;                   // for messages
    std::vector<std::string> contexts;  // meta contexts to ask for
    std::chrono::milliseconds patience;
  };
  // What one meta context says about a range.
  struct Status {
    model::Extent extent;
    std::uint32_t flags = 0;
  };

  NbdConnection(const NbdAddress& address, Options options);
  ~NbdConnection();
  NbdConnection(NbdConnection&&) noexcept;
  NbdConnection& operator=(NbdConnection&&) = delete;

  base::ByteCount size() const { return size_; }
  bool has_context(const std::string& context) const;

  void read(base::ByteOffset at, std::span<std::byte> into);
  void write(base::ByteOffset at, base::ByteView bytes);
  void zero(base::ByteOffset at, base::ByteCount length);
  void flush();

  // In the order of Options::contexts, what each says from `at` on: contiguous, not empty, at most `length`.
  std::vector<std::vector<Status>> status(base::ByteOffset at, base::ByteCount length);

 private:
  using Handle = std::unique_ptr<nbd_handle, void (*)(nbd_handle*)>;

  void connect(const NbdAddress& address);
  void turn(std::chrono::steady_clock::time_point deadline, const char* operation);
  void finish(std::int64_t cookie, const char* operation);
  template <typename Start>
  void in_pieces(base::ByteOffset at, std::size_t length, const char* operation, Start start);
  [[noreturn]] void fail(const char* operation) const;

  Options options_;
  Handle handle_;
  base::ByteCount size_;
};

}  // namespace jaunt::disk
