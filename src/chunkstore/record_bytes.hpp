// The bytes of small records in the database: integers one after the other, at the end perhaps a text; and keys that
// LMDB orders as the numbers they are.
#pragma once

#include <array>
#include <concepts>
#include <cstdint>
#include <cstring>
#include <string>
#include <string_view>

#include "base/bytes.hpp"
#include "base/error.hpp"

namespace jaunt::chunkstore {

using NumberKey = std::array<std::byte, 8>;

inline NumberKey key_of(std::uint64_t number) {
  NumberKey key;
  const std::uint64_t swapped = __builtin_bswap64(number);
  std::memcpy(key.data(), &swapped, sizeof swapped);
  return key;
}

inline std::uint64_t number_of(base::ByteView key) {
  base::invariant(key.size() == sizeof(NumberKey), "keys of this table are numbers");
  return __builtin_bswap64(base::load_le<std::uint64_t>(key));
}

inline void append_text(base::Bytes& out, std::string_view text) {
  const auto bytes = base::as_bytes(text);
  out.insert(out.end(), bytes.begin(), bytes.end());
}

// Throws corrupt, naming `what`, where a record is too short.
class FieldReader {
 public:
  FieldReader(base::ByteView bytes, const char* what) : bytes_(bytes), what_(what) {}

  template <std::integral Integer>
  Integer integer() {
    if (bytes_.size() < sizeof(Integer))
      throw base::Error(base::ErrorKind::corrupt, "read", what_, "it is too short");
    const auto value = base::load_le<Integer>(bytes_);
    bytes_ = bytes_.subspan(sizeof(Integer));
    return value;
  }

  std::string text(std::size_t length) {
    if (bytes_.size() < length)
      throw base::Error(base::ErrorKind::corrupt, "read", what_, "it is too short");
    std::string result(reinterpret_cast<const char*>(bytes_.data()), length);
    bytes_ = bytes_.subspan(length);
    return result;
  }

  std::string rest() { return text(bytes_.size()); }

 private:
  base::ByteView bytes_;
  const char* what_;
};

}  // namespace jaunt::chunkstore
