// What a fuzz target demands of the code under it.
#pragma once

#include <cstdio>
#include <cstdlib>

#include "base/bytes.hpp"
#include "base/error.hpp"
#include "base/text.hpp"

namespace jaunt::fuzz {

inline base::ByteView input(const std::uint8_t* data, std::size_t size) {
  return std::as_bytes(std::span(data, size));
}

inline std::string_view text(base::ByteView bytes) {
  return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

// Aborts with a sentence, which libFuzzer and the replay both report with the input that did it.
inline void require(bool holds, const char* what) {
  if (holds)
    return;
  std::fprintf(stderr, "fuzz: this must hold and does not: %s\n", what);
  std::abort();
}

// Runs a decoder of foreign bytes. It may succeed or refuse with the kinds corrupt, unsupported or limit; any other
// kind, and any other exception, ends the run.
template <typename Decode>
void expect_only_refusals(Decode&& decode) {
  try {
    decode();
  } catch (const base::Error& error) {
    using enum base::ErrorKind;
    if (error.kind() == corrupt || error.kind() == unsupported || error.kind() == limit)
      return;
    std::fprintf(stderr, "fuzz: a decoder let an error of kind \"%s\" escape: %s\n",
                 std::string(base::to_string(error.kind())).c_str(), base::printable(error.what()).c_str());
    std::abort();
  }
}

}  // namespace jaunt::fuzz
