// How records are laid down in the database: little-endian integers, strings and lists after their length as u32.
#pragma once

#include <algorithm>
#include <concepts>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/bytes.hpp"
#include "base/error.hpp"
#include "base/hash.hpp"

namespace jaunt::chunkstore {

class RecordWriter {
 public:
  explicit RecordWriter(std::uint32_t version) { integer(version); }

  template <std::integral Integer>
  void integer(Integer value) {
    base::append_le(bytes_, value);
  }
  void flag(bool value) { integer<std::uint8_t>(value ? 1 : 0); }
  void hash(const base::Hash32& value) { bytes_.insert(bytes_.end(), value.begin(), value.end()); }
  void text(std::string_view value) {
    integer(static_cast<std::uint32_t>(value.size()));
    const base::ByteView view = base::as_bytes(value);
    bytes_.insert(bytes_.end(), view.begin(), view.end());
  }
  template <typename List, typename Write>
  void list(const List& values, const Write& write) {
    integer(static_cast<std::uint32_t>(values.size()));
    for (const auto& value : values)
      write(value);
  }
  template <typename T, typename Write>
  void optional(const std::optional<T>& value, const Write& write) {
    flag(value.has_value());
    if (value)
      write(*value);
  }

  base::Bytes take() { return std::move(bytes_); }

 private:
  base::Bytes bytes_;
};

// Reads what a RecordWriter wrote; throws corrupt, and unsupported where the version is another one.
class RecordReader {
 public:
  RecordReader(base::ByteView bytes, std::uint32_t version, std::string subject)
      : bytes_(bytes), subject_(std::move(subject)) {
    if (integer<std::uint32_t>() != version)
      throw base::Error(base::ErrorKind::unsupported, "read", subject_, "it is of another version",
                        "jaunt catalog rescan");
  }

  template <std::integral Integer>
  Integer integer() {
    return base::load_le<Integer>(take(sizeof(Integer)));
  }
  bool flag() {
    const auto value = integer<std::uint8_t>();
    if (value > 1)
      corrupt("a flag is neither set nor clear");
    return value == 1;
  }
  base::Hash32 hash() {
    base::Hash32 result;
    std::ranges::copy(take(result.size()), result.begin());
    return result;
  }
  std::string text() {
    const base::ByteView view = take(integer<std::uint32_t>());
    return {reinterpret_cast<const char*>(view.data()), view.size()};
  }
  // `read` takes at least one byte for each element, so a count cannot promise more than there is.
  template <typename Read>
  auto list(const Read& read) {
    std::vector<decltype(read())> result;
    for (auto left = integer<std::uint32_t>(); left > 0; --left)
      result.push_back(read());
    return result;
  }
  template <typename Read>
  auto optional(const Read& read) {
    return flag() ? std::optional(read()) : std::nullopt;
  }

  void finish() const {
    if (!bytes_.empty())
      corrupt("something follows it");
  }

  [[noreturn]] void corrupt(const char* cause) const {
    throw base::Error(base::ErrorKind::corrupt, "read", subject_, cause, "jaunt catalog rescan");
  }

 private:
  base::ByteView take(std::size_t count) {
    if (count > bytes_.size())
      corrupt("it ends too early");
    const base::ByteView result = bytes_.first(count);
    bytes_ = bytes_.subspan(count);
    return result;
  }

  base::ByteView bytes_;
  std::string subject_;
};

// A record as it is, or nothing where it is broken or of another version: as good as not known.
template <typename Record>
std::optional<Record> readable(base::ByteView value, Record (*decode)(base::ByteView)) {
  try {
    return decode(value);
  } catch (const base::Error&) {
    return std::nullopt;
  }
}

}  // namespace jaunt::chunkstore
