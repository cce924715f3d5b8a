// How the guest's drives are cut into partitions and logical volumes, and where each byte of these lies.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/units.hpp"
#include "model/description.hpp"
#include "model/extent.hpp"

namespace jaunt::describe {

// "a", "b", ... "z", "aa": how drives are told apart in the appliance.
std::string drive_letters(std::size_t index);

// A run of a device's bytes that lies on one drive in one piece.
struct Segment {
  base::ByteOffset in_device;
  std::size_t disk = 0;
  model::Extent on_disk;
  bool operator==(const Segment&) const = default;
};

struct DeviceNumber {
  unsigned major = 0;
  unsigned minor = 0;
  auto operator<=>(const DeviceNumber&) const = default;
};

// A block device of the appliance that belongs to the guest.
struct Device {
  enum class Kind { drive, partition, volume, other };

  Kind kind = Kind::other;
  DeviceNumber number;
  std::string node;  // the kernel's path, such as "/dev/sdb1"; only letters, digits and '-', fit for a shell
  std::string name;  // as libguestfs names it, such as "/dev/sda1" or "/dev/vg/root"
  int partition = 0;
  base::ByteCount size;
  std::vector<DeviceNumber> parents;  // what it lies on
  // Contiguous, from 0 to size, where the device is nothing but pieces of drives; empty where that is not certain.
  std::vector<Segment> segments;
};

class Layout {
 public:
  // From what the appliance script's `layout` prints; lines that make no sense are left out.
  static Layout parse(std::string_view text);

  const std::vector<Device>& devices() const { return devices_; }
  const std::vector<model::LogicalVolume>& volumes() const { return volumes_; }
  const Device* by_name(std::string_view name) const;
  const Device* by_number(DeviceNumber number) const;

  // Whether nothing is cut out of the device.
  bool leaf(const Device& device) const;
  // Whether no other device than those it lies on, or that lie on it, holds any of the device's bytes.
  bool alone(const Device& device) const;
  // Everything that the device lies on, directly or not.
  std::vector<const Device*> ancestors(const Device& device) const;

 private:
  bool lies_on(const Device& upper, const Device& lower) const;

  std::vector<Device> devices_;
  std::vector<model::LogicalVolume> volumes_;
};

// The parts of `extent`, a range of the device's bytes, on their drives; nothing for bytes that have no segment.
std::vector<Segment> on_disks(const std::vector<Segment>& segments, model::Extent extent);

}  // namespace jaunt::describe
