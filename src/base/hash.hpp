// SHA-256, the only hash of formats and protocols.
#pragma once

#include <array>
#include <cstddef>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "base/bytes.hpp"

namespace jaunt::base {

using Hash32 = std::array<std::byte, 32>;

// A reusable hasher; one per thread. finish() starts the next message.
class Sha256 {
 public:
  Sha256();
  ~Sha256();
  Sha256(Sha256&&) noexcept;
  Sha256& operator=(Sha256&&) noexcept;

  Sha256& update(ByteView bytes);
  Hash32 finish();

  // One whole message; anything that was updated and not finished is dropped.
  Hash32 of(ByteView bytes);
  // Two of one length, on many processors in the time of one. As of() otherwise.
  std::array<Hash32, 2> of_two(ByteView first, ByteView second);

 private:
  struct Context;
  std::unique_ptr<Context> context_;
};

// Hash of a short message where no hasher is at hand.
Hash32 sha256(ByteView bytes);

std::string to_hex(ByteView bytes);
// Strict: an even number of lower-case digits, else nullopt.
std::optional<Bytes> from_hex(std::string_view digits);

}  // namespace jaunt::base
