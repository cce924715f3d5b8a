// Where a block of a target can come from.
#pragma once

#include <array>
#include <compare>
#include <cstddef>
#include <cstdint>
#include <initializer_list>
#include <string_view>

namespace jaunt::model {

// In the order of display. The numbers are those of kept plans.
enum class SourceKind : std::uint8_t {
  zero = 0,     // nothing is needed: zero or elided
  base = 1,     // the chosen base
  local = 2,    // another catalogued layer
  package = 3,  // a file inside a package from a mirror
  store = 4,    // this node's chunk store
  delta = 5,    // a difference against the base's version of a file
  wire = 6,     // the source sends it
};

inline constexpr std::array kSourceKinds{SourceKind::zero,  SourceKind::base,  SourceKind::local, SourceKind::package,
                                         SourceKind::store, SourceKind::delta, SourceKind::wire};

constexpr std::string_view to_string(SourceKind kind) {
  constexpr std::array<std::string_view, kSourceKinds.size()> names{"zero",  "base",  "local", "package",
                                                                    "store", "delta", "wire"};
  return names[static_cast<std::size_t>(kind)];
}

// One T for each kind.
template <typename T>
struct BySource {
  std::array<T, kSourceKinds.size()> values{};

  constexpr T& operator[](SourceKind kind) { return values[static_cast<std::size_t>(kind)]; }
  constexpr const T& operator[](SourceKind kind) const { return values[static_cast<std::size_t>(kind)]; }
  bool operator==(const BySource&) const = default;
};

// Kinds of sources that could all bring the same block.
class SourceSet {
 public:
  constexpr SourceSet() = default;
  constexpr SourceSet(std::initializer_list<SourceKind> kinds) {
    for (const SourceKind kind : kinds)
      insert(kind);
  }

  constexpr bool contains(SourceKind kind) const { return (bits_ >> static_cast<unsigned>(kind) & 1U) != 0; }
  constexpr void insert(SourceKind kind) { bits_ |= 1U << static_cast<unsigned>(kind); }
  constexpr auto operator<=>(const SourceSet&) const = default;

 private:
  unsigned bits_ = 0;
};

}  // namespace jaunt::model
