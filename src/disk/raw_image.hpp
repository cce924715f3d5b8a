// Raw files and block devices, read directly. Takes no lock.
#pragma once

#include <filesystem>
#include <memory>

#include "base/file.hpp"
#include "disk/image.hpp"

namespace jaunt::disk {

std::unique_ptr<Image> open_raw(const std::filesystem::path& path);
std::unique_ptr<Image> open_raw(base::File file);

}  // namespace jaunt::disk
