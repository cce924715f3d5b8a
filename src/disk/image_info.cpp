#include "disk/image_info.hpp"

#include <algorithm>

#include <nlohmann/json.hpp>

#include "base/error.hpp"
#include "disk/chain.hpp"

namespace jaunt::disk {

namespace {

using base::ByteCount;
using base::Error;
using base::ErrorKind;
using Json = nlohmann::json;

constexpr std::size_t kNameBytesMax = 4096;
constexpr std::size_t kBitmapsMax = 65536;  // as many as a qcow2 can have
constexpr int kDepthMax = 32;
constexpr std::uint64_t kClusterBytesMax = 256 * base::kMiB;

[[noreturn]] void refuse(ErrorKind kind, const std::string& cause) {
  throw Error(kind, "read", "the image's header", cause);
}

// Too deep a document is cut off while it is parsed.
Json parse_bounded(std::string_view text) {
  if (text.size() > kImageInfoBytesMax.value)
    refuse(ErrorKind::limit, "what it describes is too long");
  bool too_deep = false;
  Json document = Json::parse(
      text,
      [&](int depth, Json::parse_event_t, Json&) {
        too_deep = too_deep || depth > kDepthMax;
        return !too_deep;
      },
      false);
  if (too_deep || !document.is_object())
    refuse(ErrorKind::corrupt, "it is not described as expected");
  return document;
}

const Json* member(const Json& object, const char* key) {
  const auto found = object.is_object() ? object.find(key) : object.end();
  return found != object.end() && !found->is_null() ? &*found : nullptr;
}

std::optional<std::string> text(const Json& object, const char* key) {
  const Json* const value = member(object, key);
  if (value == nullptr)
    return std::nullopt;
  if (!value->is_string())
    refuse(ErrorKind::corrupt, std::string(key) + " is not a text");
  const auto& content = value->get_ref<const std::string&>();
  if (content.size() > kNameBytesMax || content.find('\0') != std::string::npos)
    refuse(ErrorKind::corrupt, std::string(key) + " is not a name");
  return content;
}

std::optional<std::uint64_t> number(const Json& object, const char* key) {
  const Json* const value = member(object, key);
  if (value == nullptr)
    return std::nullopt;
  if (!value->is_number_unsigned())
    refuse(ErrorKind::corrupt, std::string(key) + " is not a size");
  return value->get<std::uint64_t>();
}

bool flag(const Json& object, const char* key) {
  const Json* const value = member(object, key);
  return value != nullptr && value->is_boolean() && value->get<bool>();
}

std::vector<std::string> usable_bitmaps(const Json& specific) {
  std::vector<std::string> names;
  const Json* const listed = member(specific, "bitmaps");
  if (listed == nullptr || !listed->is_array())
    return names;
  if (listed->size() > kBitmapsMax)
    refuse(ErrorKind::limit, "it has too many bitmaps");
  for (const Json& bitmap : *listed) {
    const Json* const flags = member(bitmap, "flags");
    const bool in_use =
        flags != nullptr && flags->is_array() && std::count(flags->begin(), flags->end(), "in-use") > 0;
    if (const auto name = text(bitmap, "name"); name && !in_use)
      names.push_back(*name);
  }
  return names;
}

}  // namespace

ImageInfo parse_image_info(std::string_view json) {
  const Json document = parse_bounded(json);
  ImageInfo info;
  const auto format = text(document, "format");
  const auto size = number(document, "virtual-size");
  if (!format || !size)
    refuse(ErrorKind::corrupt, "it lacks a format or a size");
  if (*size > kVirtualSizeMax.value)
    refuse(ErrorKind::limit, "it claims to be " + std::to_string(*size) + " bytes large");
  const auto cluster = number(document, "cluster-size");
  if (cluster && (*cluster == 0 || *cluster > kClusterBytesMax))
    refuse(ErrorKind::corrupt, "its clusters have " + std::to_string(*cluster) + " bytes");
  info.format = *format;
  info.virtual_size = ByteCount(*size);
  info.encrypted = flag(document, "encrypted");
  info.backing = text(document, "backing-filename");
  info.backing_format = text(document, "backing-filename-format");
  if (const Json* const specific = member(document, "format-specific"))
    if (const Json* const data = member(*specific, "data")) {
      info.data_file = text(*data, "data-file");
      info.bitmaps = usable_bitmaps(*data);
    }
  return info;
}

}  // namespace jaunt::disk
