#include "model/description_json.hpp"

#include <array>
#include <concepts>
#include <cstddef>
#include <limits>
#include <optional>
#include <type_traits>
#include <utility>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "base/error.hpp"
#include "base/text.hpp"
#include "model/description_fields.hpp"

namespace jaunt::model {

namespace {

using base::Error;
using base::ErrorKind;
using InJson = nlohmann::json;
using OutJson = nlohmann::ordered_json;  // keeps the order of writing; its look-ups are linear, so it never reads

constexpr int kDepthMax = 16;
constexpr std::size_t kValuesMax = 4'000'000;

template <class T>
concept Listed = !std::same_as<std::remove_const_t<decltype(kJsonFields<T>)>, std::nullptr_t>;

template <class E>
struct Name {
  E value;
  std::string_view text;
};
template <class E>
Name(E, const char*) -> Name<E>;
constexpr std::array kStates{Name{FilesystemState::clean, "clean"}, Name{FilesystemState::dirty, "dirty"},
                             Name{FilesystemState::in_use, "in_use"}, Name{FilesystemState::unknown, "unknown"}};
constexpr std::array kRoles{Name{DiskRole::disk, "disk"}, Name{DiskRole::cdrom, "cdrom"},
                            Name{DiskRole::floppy, "floppy"}, Name{DiskRole::seed, "seed"}};

template <class E>
constexpr const auto& names_of() {
  if constexpr (std::same_as<E, FilesystemState>)
    return kStates;
  else
    return kRoles;
}

// ---- writing

// Foreign text as it is shown under its key. Only libvirt's XML is long enough to keep its lines.
std::string shown(std::string_view key, std::string_view value) {
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
void write(OutJson& object, std::string_view key, const std::string& value) {
  std::string text = shown(key, value);
  const bool exact = text == value;
  object[std::string(key)] = std::move(text);
  if (!exact)
    object[fmt::format("{}_b64", key)] = base::to_base64(value);
}

// Lists do the same with a second list, null where the first one is exact.
void write(OutJson& object, std::string_view key, const std::vector<std::string>& values) {
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

OutJson written(bool value) {
  return value;
}
template <std::integral Integer>
OutJson written(Integer value) {
  return value;
}
OutJson written(base::ByteCount value) {
  return value.value;
}
OutJson written(const base::Hash32& value) {
  return base::to_hex(value);
}
template <class E>
requires std::is_enum_v<E> OutJson written(E value) {
  for (const auto& name : names_of<E>())
    if (name.value == value)
      return name.text;
  base::invariant(false, "every value of a description has a name");
  return {};
}

template <class T>
void write(OutJson& object, std::string_view key, const T& value) {
  object[std::string(key)] = written(value);
}
void write(OutJson& object, std::string_view, const Extent& value) {
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

[[noreturn]] void refuse(std::string_view key, std::string_view cause) {
  throw Error(ErrorKind::corrupt, "read a description", "", fmt::format("its field \"{}\" {}", key, cause));
}

const InJson* find(const InJson& object, std::string_view key) {
  const auto found = object.find(key);
  return found == object.end() ? nullptr : &*found;
}

std::string decoded(std::string_view key, const InJson& text, const InJson* exact) {
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

void parse(std::string_view key, const InJson& json, bool& value) {
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
void parse(std::string_view key, const InJson& json, base::ByteCount& value) {
  parse(key, json, value.value);
}
void parse(std::string_view key, const InJson& json, base::Hash32& value) {
  const auto hash = json.is_string() ? base::from_hex(json.get_ref<const std::string&>()) : std::nullopt;
  if (!hash || hash->size() != value.size())
    refuse(key, "is not a hash of 64 hexadecimal digits");
  std::copy(hash->begin(), hash->end(), value.begin());
}
template <class E>
requires std::is_enum_v<E>
void parse(std::string_view key, const InJson& json, E& value) {
  for (const auto& name : names_of<E>())
    if (json.is_string() && json.get_ref<const std::string&>() == name.text) {
      value = name.value;
      return;
    }
  refuse(key, "has a value that is not one of its names");
}

const InJson::array_t& as_list(std::string_view key, const InJson& json) {
  if (!json.is_array())
    refuse(key, "is not a list");
  return json.get_ref<const InJson::array_t&>();
}

void read(const InJson& object, std::string_view key, std::string& value) {
  if (const InJson* text = find(object, key))
    value = decoded(key, *text, find(object, fmt::format("{}_b64", key)));
}
void read(const InJson& object, std::string_view key, std::vector<std::string>& values) {
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
void read(const InJson& object, std::string_view, Extent& value) {
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

InJson parse_bounded(std::string_view text) {
  if (text.size() > kDescriptionJsonBytesMax.value)
    throw Error(ErrorKind::limit, "read a description", "",
                fmt::format("it is longer than {}", base::human_bytes(kDescriptionJsonBytesMax)));
  std::size_t values = 0;
  const auto bounded = [&](int depth, InJson::parse_event_t, const InJson&) {
    if (depth > kDepthMax || ++values > kValuesMax)
      throw Error(ErrorKind::limit, "read a description", "", "it has too many values or too deep a nesting");
    return true;
  };
  try {
    return InJson::parse(text, bounded);
  } catch (const InJson::exception& failure) {
    throw Error(ErrorKind::corrupt, "read a description", "", base::printable(failure.what()));
  }
}

}  // namespace

std::string to_json(const Description& description) {
  OutJson document = {{"type", "description"}, {"schema", kDescriptionVersion}};
  document.update(written(description));
  return document.dump();
}

Description description_from_json(std::string_view text) {
  const InJson document = parse_bounded(text);
  const InJson* type = document.is_object() ? find(document, "type") : nullptr;
  if (type == nullptr || *type != "description")
    throw Error(ErrorKind::corrupt, "read a description", "", "its \"type\" is not \"description\"");
  int schema = 0;
  read(document, "schema", schema);
  if (schema < 1)
    refuse("schema", "is missing");
  if (schema > kDescriptionVersion)
    throw Error(ErrorKind::unsupported, "read a description", "",
                fmt::format("its schema is {}, this version knows {}", schema, kDescriptionVersion),
                "use a newer version of jaunt");
  Description description;
  parse("description", document, description);
  return description;
}

}  // namespace jaunt::model
