// What `qemu-img info --output=json` tells of one layer. Foreign: names in it come from the image.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/units.hpp"

namespace jaunt::disk {

inline constexpr base::ByteCount kImageInfoBytesMax{8 * base::kMiB};

struct ImageInfo {
  std::string format;
  base::ByteCount virtual_size;
  bool encrypted = false;
  std::optional<std::string> backing;         // as the header has it
  std::optional<std::string> backing_format;  // absent where the header leaves it open
  std::optional<std::string> data_file;
  std::vector<std::string> bitmaps;  // usable ones
};

// Throws corrupt, unsupported or limit.
ImageInfo parse_image_info(std::string_view json);

}  // namespace jaunt::disk
