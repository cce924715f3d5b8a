// Values as JSON by the list of their keys, both ways: for the .cpp files that own a document.
#pragma once

#include <array>
#include <chrono>
#include <cmath>
#include <concepts>
#include <cstddef>
#include <limits>
#include <optional>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "base/error.hpp"
#include "base/hash.hpp"
#include "base/text.hpp"
#include "base/units.hpp"
#include "model/block.hpp"
#include "model/extent.hpp"
#include "model/json_fields.hpp"

namespace jaunt::model::json_codec {

using base::Error;
using base::ErrorKind;
using InJson = nlohmann::json;
using OutJson = nlohmann::ordered_json;  // keeps the order of writing; its look-ups are linear, so it never reads

inline constexpr base::ByteCount kBytesMax{64 * base::kMiB};
inline constexpr int kDepthMax = 16;
inline constexpr std::size_t kValuesMax = 4'000'000;
inline constexpr double kSecondsMax = 1e9;

template <class T>
concept Listed = !std::same_as<std::remove_const_t<decltype(kJsonFields<T>)>, std::nullptr_t>;

// ---- writing

// Foreign text as it is shown under its key. Only libvirt's XML is long enough to keep its lines.
inline std::string shown(std::string_view key, std::string_view value) {
  if (key != "domain_xml")
    return base::printable(value);
  std::string text;
  for (auto end = value.find('\n'); end != value.npos; end = value.find('\n')) {
    text += base::printable(value.substr(0, end)) + '\n';
    value.remove_prefix(end + 1);
  }
  return text + base::printable(value);
}

// A string that is not printable goes out twice: readable under its key, exact under KEY_b64.
inline void write(OutJson& object, std::string_view key, const std::string& value) {
  std::string text = shown(key, value);
  const bool exact = text == value;
  object[std::string(key)] = std::move(text);
  if (!exact)
    object[fmt::format("{}_b64", key)] = base::to_base64(value);
}

// Lists do the same with a second list, null where the first one is exact.
inline void write(OutJson& object, std::string_view key, const std::vector<std::string>& values) {
  OutJson texts = OutJson::array();
  OutJson exact = OutJson::array();
  bool all_exact = true;
  for (const std::string& value : values) {
    texts.push_back(base::printable(value));
    const bool same = texts.back().get_ref<const std::string&>() == value;
    exact.push_back(same ? OutJson() : OutJson(base::to_base64(value)));
    all_exact = all_exact && same;
  }
  object[std::string(key)] = std::move(texts);
  if (!all_exact)
    object[fmt::format("{}_b64", key)] = std::move(exact);
}

template <Listed T>
OutJson written(const T& value);

inline OutJson written(bool value) {
  return value;
}
template <std::integral Integer>
OutJson written(Integer value) {
  return value;
}
inline OutJson written(base::ByteCount value) {
  return value.value;
}
// Seconds for people and scripts; whole microseconds come back.
inline OutJson written(std::chrono::microseconds value) {
  return static_cast<double>(value.count()) / 1e6;
}
inline OutJson written(const BlockIndex& value) {
  return value.value;
}
inline OutJson written(const base::Hash32& value) {
  return base::to_hex(value);
}
template <class E>
requires std::is_enum_v<E> OutJson written(E value) {
  for (const auto& name : kJsonNames<E>)
    if (name.value == value)
      return name.text;
  base::invariant(false, "every value has a name");
  return {};
}

template <class T>
void write(OutJson& object, std::string_view key, const T& value) {
  object[std::string(key)] = written(value);
}
inline void write(OutJson& object, std::string_view, const Extent& value) {
  object["offset"] = value.offset.value;
  object["bytes"] = value.length.value;
}
template <class T>
void write(OutJson& object, std::string_view key, const std::optional<T>& value) {
  if (value)
    write(object, key, *value);
}
template <Listed T>
void write(OutJson& object, std::string_view key, const std::vector<T>& values) {
  OutJson list = OutJson::array();
  for (const T& value : values)
    list.push_back(written(value));
  object[std::string(key)] = std::move(list);
}

template <Listed T>
OutJson written(const T& value) {
  OutJson object = OutJson::object();
  std::apply([&](const auto&... field) { (write(object, field.key, value.*field.member), ...); }, kJsonFields<T>);
  return object;
}

// ---- reading

[[noreturn]] inline void refuse(std::string_view key, std::string_view cause) {
  throw Error(ErrorKind::corrupt, "read", "JSON", fmt::format("its field \"{}\" {}", key, cause));
}

inline const InJson* find(const InJson& object, std::string_view key) {
  const auto found = object.find(key);
  return found == object.end() ? nullptr : &*found;
}

inline std::string decoded(std::string_view key, const InJson& text, const InJson* exact) {
  if (!text.is_string())
    refuse(key, "is not a string");
  if (exact == nullptr || exact->is_null())
    return text.get<std::string>();
  auto bytes = exact->is_string() ? base::from_base64(exact->get_ref<const std::string&>()) : std::nullopt;
  if (!bytes || shown(key, *bytes) != text.get_ref<const std::string&>())
    refuse(key, "disagrees with its exact form in base64");
  return std::move(*bytes);
}

template <Listed T>
void parse(std::string_view key, const InJson& json, T& value);

inline void parse(std::string_view key, const InJson& json, bool& value) {
  if (!json.is_boolean())
    refuse(key, "is not true or false");
  value = json.get<bool>();
}
template <std::integral Integer>
void parse(std::string_view key, const InJson& json, Integer& value) {
  const auto* whole = json.get_ptr<const InJson::number_integer_t*>();
  const auto* natural = json.get_ptr<const InJson::number_unsigned_t*>();
  if (natural != nullptr && std::in_range<Integer>(*natural))
    value = static_cast<Integer>(*natural);
  else if (natural == nullptr && whole != nullptr && std::in_range<Integer>(*whole))
    value = static_cast<Integer>(*whole);
  else
    refuse(key, "is not a whole number within its range");
}
inline void parse(std::string_view key, const InJson& json, base::ByteCount& value) {
  parse(key, json, value.value);
}
inline void parse(std::string_view key, const InJson& json, std::chrono::microseconds& value) {
  const double seconds = json.is_number() ? json.get<double>() : -1;
  if (!(seconds >= 0 && seconds <= kSecondsMax))
    refuse(key, "is not a number of seconds within its range");
  value = std::chrono::microseconds(std::llround(seconds * 1e6));
}
inline void parse(std::string_view key, const InJson& json, base::Hash32& value) {
  const auto hash = json.is_string() ? base::from_hex(json.get_ref<const std::string&>()) : std::nullopt;
  if (!hash || hash->size() != value.size())
    refuse(key, "is not a hash of 64 hexadecimal digits");
  std::copy(hash->begin(), hash->end(), value.begin());
}
template <class E>
requires std::is_enum_v<E>
void parse(std::string_view key, const InJson& json, E& value) {
  for (const auto& name : kJsonNames<E>)
    if (json.is_string() && json.get_ref<const std::string&>() == name.text) {
      value = name.value;
      return;
    }
  refuse(key, "has a value that is not one of its names");
}

inline const InJson::array_t& as_list(std::string_view key, const InJson& json) {
  if (!json.is_array())
    refuse(key, "is not a list");
  return json.get_ref<const InJson::array_t&>();
}

inline void read(const InJson& object, std::string_view key, std::string& value) {
  if (const InJson* text = find(object, key))
    value = decoded(key, *text, find(object, fmt::format("{}_b64", key)));
}
inline void read(const InJson& object, std::string_view key, std::vector<std::string>& values) {
  const InJson* texts = find(object, key);
  if (texts == nullptr)
    return;
  const InJson* exact = find(object, fmt::format("{}_b64", key));
  const auto& list = as_list(key, *texts);
  if (exact != nullptr && as_list(key, *exact).size() != list.size())
    refuse(key, "disagrees with its exact form in base64");
  for (std::size_t i = 0; i < list.size(); ++i)
    values.push_back(decoded(key, list[i], exact == nullptr ? nullptr : &(*exact)[i]));
}
template <class T>
void read(const InJson& object, std::string_view key, T& value) {
  if (const InJson* json = find(object, key))
    parse(key, *json, value);
}
inline void read(const InJson& object, std::string_view, Extent& value) {
  read(object, "offset", value.offset.value);
  read(object, "bytes", value.length.value);
}
template <class T>
void read(const InJson& object, std::string_view key, std::optional<T>& value) {
  if (find(object, key) != nullptr)
    read(object, key, value.emplace());
}
template <Listed T>
void read(const InJson& object, std::string_view key, std::vector<T>& values) {
  if (const InJson* json = find(object, key))
    for (const InJson& element : as_list(key, *json))
      parse(key, element, values.emplace_back());
}

template <Listed T>
void parse(std::string_view key, const InJson& json, T& value) {
  if (!json.is_object())
    refuse(key, "is not an object");
  std::apply([&](const auto&... field) { (read(json, field.key, value.*field.member), ...); }, kJsonFields<T>);
}

inline InJson parse_bounded(std::string_view text) {
  if (text.size() > kBytesMax.value)
    throw Error(ErrorKind::limit, "read a description", "",
                fmt::format("it is longer than {}", base::human_bytes(kBytesMax)));
  std::size_t values = 0;
  const auto bounded = [&](int depth, InJson::parse_event_t, const InJson&) {
    if (depth > kDepthMax || ++values > kValuesMax)
      throw Error(ErrorKind::limit, "read", "JSON", "it has too many values or too deep a nesting");
    return true;
  };
  try {
    return InJson::parse(text, bounded);
  } catch (const InJson::exception& failure) {
    throw Error(ErrorKind::corrupt, "read", "JSON", base::printable(failure.what()));
  }
}

// ---- documents

// One line: type, schema, then the keys of the value.
template <Listed T>
std::string to_document(std::string_view type, int schema, const T& value) {
  OutJson document = {{"type", type}, {"schema", schema}};
  document.update(written(value));
  return document.dump();
}

// What to_document wrote, of this schema or an older one. Throws only corrupt, unsupported and limit.
template <Listed T>
T from_document(std::string_view type, int schema, std::string_view text) {
  try {
    const InJson document = parse_bounded(text);
    const InJson* kind = document.is_object() ? find(document, "type") : nullptr;
    if (kind == nullptr || *kind != type)
      throw Error(ErrorKind::corrupt, "read", "JSON", fmt::format("its \"type\" is not \"{}\"", type));
    int known = 0;
    read(document, "schema", known);
    if (known < 1)
      refuse("schema", "is missing");
    if (known > schema)
      throw Error(ErrorKind::unsupported, "read", "JSON",
                  fmt::format("its schema is {}, this version knows {}", known, schema),
                  "use a newer version of jaunt");
    T value;
    parse(type, document, value);
    return value;
  } catch (const Error& failure) {
    throw Error(failure.kind(), "read", fmt::format("a {}", type), failure.cause(), failure.remedy());
  }
}

}  // namespace jaunt::model::json_codec
