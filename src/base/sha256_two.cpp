#include "base/sha256_two.hpp"

#include "base/error.hpp"

#ifdef __x86_64__

#include <algorithm>
#include <cstdint>
#include <cstring>

#include <cpuid.h>
#include <immintrin.h>

namespace jaunt::base {

namespace {

constexpr std::size_t kPieceBytes = 64;
constexpr std::size_t kLanes = 2;

// FIPS 180-4, 4.2.2 and 5.3.3.
alignas(16) constexpr std::array<std::uint32_t, 64> kRoundConstants = {
    0x428a2f98, 0x71374491, 0xb5c0fbcf, 0xe9b5dba5, 0x3956c25b, 0x59f111f1, 0x923f82a4, 0xab1c5ed5,
    0xd807aa98, 0x12835b01, 0x243185be, 0x550c7dc3, 0x72be5d74, 0x80deb1fe, 0x9bdc06a7, 0xc19bf174,
    0xe49b69c1, 0xefbe4786, 0x0fc19dc6, 0x240ca1cc, 0x2de92c6f, 0x4a7484aa, 0x5cb0a9dc, 0x76f988da,
    0x983e5152, 0xa831c66d, 0xb00327c8, 0xbf597fc7, 0xc6e00bf3, 0xd5a79147, 0x06ca6351, 0x14292967,
    0x27b70a85, 0x2e1b2138, 0x4d2c6dfc, 0x53380d13, 0x650a7354, 0x766a0abb, 0x81c2c92e, 0x92722c85,
    0xa2bfe8a1, 0xa81a664b, 0xc24b8b70, 0xc76c51a3, 0xd192e819, 0xd6990624, 0xf40e3585, 0x106aa070,
    0x19a4c116, 0x1e376c08, 0x2748774c, 0x34b0bcb5, 0x391c0cb3, 0x4ed8aa4a, 0x5b9cca4f, 0x682e6ff3,
    0x748f82ee, 0x78a5636f, 0x84c87814, 0x8cc70208, 0x90befffa, 0xa4506ceb, 0xbef9a3f7, 0xc67178f2};
constexpr std::uint32_t kA = 0x6a09e667, kB = 0xbb67ae85, kC = 0x3c6ef372, kD = 0xa54ff53a;
constexpr std::uint32_t kE = 0x510e527f, kF = 0x9b05688c, kG = 0x1f83d9ab, kH = 0x5be0cd19;

// The state of one message as the instructions want it.
struct Lane {
  __m128i abef = _mm_set_epi32(kA, kB, kE, kF);
  __m128i cdgh = _mm_set_epi32(kC, kD, kG, kH);
};
using Lanes = std::array<Lane, kLanes>;

bool has_sha_instructions() {
  unsigned a = 0, b = 0, c = 0, d = 0;
  if (__get_cpuid(1, &a, &b, &c, &d) == 0 || (c & bit_SSE4_1) == 0)
    return false;
  return __get_cpuid_count(7, 0, &a, &b, &c, &d) != 0 && (b & bit_SHA) != 0;
}

// Takes `pieces` pieces of 64 bytes of each message. Intel's instruction reference shows the schedule: four rounds a
// step, and from the fifth on four words of the message schedule made of the sixteen before.
[[gnu::target("sha,sse4.1")]] void compress(Lanes& lanes, const std::array<const std::byte*, kLanes>& messages,
                                            std::size_t pieces) {
  const __m128i big_endian = _mm_set_epi64x(0x0c0d0e0f08090a0b, 0x0405060700010203);
  for (std::size_t at = 0; at < pieces * kPieceBytes; at += kPieceBytes) {
    const Lanes before = lanes;
    __m128i words[kLanes][4];
#pragma GCC unroll 16
    for (unsigned step = 0; step < 16; ++step) {
      const __m128i constants = _mm_load_si128(reinterpret_cast<const __m128i*>(kRoundConstants.data()) + step);
#pragma GCC unroll 2
      for (std::size_t lane = 0; lane < kLanes; ++lane) {
        auto& w = words[lane];
        __m128i& now = w[step % 4];
        const __m128i last = w[(step + 3) % 4];
        if (step < 4) {
          const auto* const input = reinterpret_cast<const __m128i*>(messages[lane] + at) + step;
          now = _mm_shuffle_epi8(_mm_loadu_si128(input), big_endian);
        } else {
          const __m128i middle = _mm_alignr_epi8(last, w[(step + 2) % 4], 4);
          now = _mm_sha256msg2_epu32(_mm_add_epi32(_mm_sha256msg1_epu32(now, w[(step + 1) % 4]), middle), last);
        }
        auto& [abef, cdgh] = lanes[lane];
        const __m128i input = _mm_add_epi32(now, constants);
        cdgh = _mm_sha256rnds2_epu32(cdgh, abef, input);
        abef = _mm_sha256rnds2_epu32(abef, cdgh, _mm_shuffle_epi32(input, 0x0e));
      }
    }
    for (std::size_t lane = 0; lane < kLanes; ++lane) {
      lanes[lane].abef = _mm_add_epi32(lanes[lane].abef, before[lane].abef);
      lanes[lane].cdgh = _mm_add_epi32(lanes[lane].cdgh, before[lane].cdgh);
    }
  }
}

void store_big_endian(std::uint64_t value, std::size_t bytes, std::byte* to) {
  for (std::size_t i = 0; i < bytes; ++i)
    to[i] = static_cast<std::byte>(value >> 8 * (bytes - 1 - i));
}

// What a message ends with: what does not fill a piece, a one bit, zeros, its length in bits.
struct Tail {
  std::array<std::byte, 2 * kPieceBytes> bytes{};
  std::size_t pieces = 0;

  explicit Tail(ByteView message) {
    const ByteView rest = message.subspan(message.size() / kPieceBytes * kPieceBytes);
    std::copy(rest.begin(), rest.end(), bytes.begin());
    bytes[rest.size()] = std::byte{0x80};
    pieces = rest.size() + 1 + sizeof(std::uint64_t) <= kPieceBytes ? 1 : 2;
    store_big_endian(std::uint64_t{message.size()} * 8, 8, bytes.data() + pieces * kPieceBytes - 8);
  }
};

Hash32 hash_of(const Lane& lane) {
  std::array<std::uint32_t, 4> feba{};
  std::array<std::uint32_t, 4> hgdc{};
  std::memcpy(feba.data(), &lane.abef, sizeof feba);
  std::memcpy(hgdc.data(), &lane.cdgh, sizeof hgdc);
  Hash32 hash;
  std::byte* to = hash.data();
  for (const std::uint32_t word : {feba[3], feba[2], hgdc[3], hgdc[2], feba[1], feba[0], hgdc[1], hgdc[0]}) {
    store_big_endian(word, sizeof word, to);
    to += sizeof word;
  }
  return hash;
}

}  // namespace

std::optional<std::array<Hash32, 2>> sha256_two(ByteView first, ByteView second) {
  invariant(first.size() == second.size(), "two messages that are hashed together are of one length");
  static const bool able = has_sha_instructions();
  if (!able)
    return std::nullopt;
  Lanes lanes;
  compress(lanes, {first.data(), second.data()}, first.size() / kPieceBytes);
  const Tail first_tail(first);
  const Tail second_tail(second);
  compress(lanes, {first_tail.bytes.data(), second_tail.bytes.data()}, first_tail.pieces);
  return std::array{hash_of(lanes[0]), hash_of(lanes[1])};
}

}  // namespace jaunt::base

#else

namespace jaunt::base {

std::optional<std::array<Hash32, 2>> sha256_two(ByteView, ByteView) {
  return std::nullopt;
}

}  // namespace jaunt::base

#endif
