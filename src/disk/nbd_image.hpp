// An NBD export as an image: what our own qemu-nbd serves, and what libvirt's backup of a running VM serves.
#pragma once

#include <chrono>
#include <filesystem>
#include <memory>
#include <optional>
#include <string>

#include "disk/image.hpp"
#include "model/extent.hpp"

namespace jaunt::disk {

// Where an export is served: a unix socket and the export's name.
struct NbdAddress {
  std::filesystem::path socket;
  std::string export_name;
};

struct NbdOptions {
  std::string name;                           // for messages; by default the address
  std::optional<base::ByteCount> size;        // the true size, where the server rounds it up to whole sectors
  bool tell_absent = false;                   // ask which ranges the top layer holds itself, see Allocation::absent
  std::chrono::milliseconds patience{60000};  // a server that stays silent for longer is an Error
};

// Each reader has its own connection. A reader whose request failed connects anew for the next one.
std::unique_ptr<Image> open_nbd(const NbdAddress& address, const NbdOptions& options = {});

// What the dirty bitmap served as `context` (such as "qemu:dirty-bitmap:backup-vda") marks as changed.
model::ExtentSet dirty_extents(const NbdAddress& address, const std::string& context, const NbdOptions& options = {});

}  // namespace jaunt::disk
