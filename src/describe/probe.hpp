// What blkid and wipefs see on a device.
#pragma once

#include <map>
#include <string>
#include <string_view>
#include <vector>

namespace jaunt::describe {

struct Probe {
  std::string type;   // "ext4", "xfs", "swap", "crypto_LUKS", "LVM2_member", ...; "" when nothing or several are seen
  std::string label;  // decoded, any bytes
  std::string uuid;
  std::string table;                    // of partitions: "dos", "gpt"
  std::string partition_type;           // "0x83" or a GUID
  std::string partition_label;          // decoded
  std::vector<std::string> signatures;  // everything that looks like a filesystem or partition table
};

// From what the appliance script's `probe` prints, by device node; lines that make no sense are left out.
std::map<std::string, Probe, std::less<>> parse_probes(std::string_view text);

}  // namespace jaunt::describe
