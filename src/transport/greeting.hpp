// How two nodes greet each other on a connection, as values and as the bodies of pieces.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/bytes.hpp"
#include "base/error.hpp"
#include "base/hash.hpp"
#include "base/units.hpp"

namespace jaunt::transport {

inline constexpr std::uint16_t kLinkVersion = 1;
inline constexpr std::size_t kGreetingFeaturesMax = 64;
inline constexpr std::size_t kGreetingNameBytesMax = 64;
inline constexpr std::size_t kRefusalBytesMax = 1024;

// Names one link for the connections that belong to it.
using LinkId = std::array<std::byte, 16>;

struct Greeting {
  std::uint16_t version = kLinkVersion;
  LinkId link{};                           // zeros from the side that dials: a new link
  std::uint64_t credit = 0;                // what this side takes before it allows more
  base::ByteCount receive_max = {};        // in a second; 0: as fast as it comes
  std::vector<std::string> features = {};  // sorted

  bool operator==(const Greeting&) const = default;
};
base::Bytes encode(const Greeting& greeting);
// All decoders throw only corrupt, unsupported (another version) and limit.
Greeting decode_greeting(base::ByteView body);

base::Bytes encode_refusal(const base::Error& why);
// As an error of this side, the cause made printable.
base::Error decode_refusal(base::ByteView body);

// Pairing: either side's proof, and what it says of itself.
struct Introduction {
  std::uint16_t version = kLinkVersion;
  std::string name;        // how it would like to be called
  std::uint16_t port = 0;  // where it listens; 0: nowhere
  base::Hash32 proof{};    // of the secret, over this connection and everything else here

  bool operator==(const Introduction&) const = default;
};
base::Bytes encode(const Introduction& introduction);
Introduction decode_introduction(base::ByteView body);
// What the proof is over, besides the connection.
base::Bytes proven_part(const Introduction& introduction);

}  // namespace jaunt::transport
