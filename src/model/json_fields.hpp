// How a value lists its keys, and an enumeration its names, once for both the writer and the reader of JSON.
#pragma once

#include <cstddef>
#include <string_view>

namespace jaunt::model {

template <class Owner, class Value>
struct JsonField {
  std::string_view key;
  Value Owner::*member;
};
// clang 14, which builds the fuzzers, does not deduce this for aggregates.
template <class Owner, class Value>
JsonField(const char*, Value Owner::*) -> JsonField<Owner, Value>;

// A tuple of JsonFields in the order of writing.
template <class Owner>
inline constexpr auto kJsonFields = nullptr;

template <class E>
struct JsonName {
  E value;
  std::string_view text;
};
template <class E>
JsonName(E, const char*) -> JsonName<E>;

// A std::array of the JsonNames of every value of an enumeration.
template <class E>
inline constexpr auto kJsonNames = nullptr;

}  // namespace jaunt::model
