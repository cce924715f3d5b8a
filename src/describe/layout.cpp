#include "describe/layout.hpp"

#include <algorithm>
#include <map>

#include "describe/splitting.hpp"

namespace jaunt::describe {

namespace {

using base::ByteCount;
using base::ByteOffset;
using model::Extent;

constexpr std::uint64_t kSectorBytes = 512;                    // of the kernel's and device mapper's numbers
constexpr std::uint64_t kSectorsMax = std::uint64_t{1} << 54;  // so that bytes fit
constexpr int kDepthMax = 8;                                   // of volumes on volumes

// One line of a device mapper table.
struct MapLine {
  std::uint64_t start = 0;
  std::uint64_t length = 0;
  DeviceNumber target;
  std::uint64_t target_start = 0;
  bool linear = false;
};

using MapTables = std::map<DeviceNumber, std::vector<MapLine>>;

std::optional<std::uint64_t> sectors(std::string_view word) {
  const auto value = number<std::uint64_t>(word);
  return value && *value <= kSectorsMax ? value : std::nullopt;
}

std::optional<DeviceNumber> device_number(std::string_view word) {
  const auto parts = cut(word, ":");
  if (!parts)
    return std::nullopt;
  const auto major = number<unsigned>(parts->first);
  const auto minor = number<unsigned>(parts->second);
  return major && minor ? std::optional(DeviceNumber{*major, *minor}) : std::nullopt;
}

bool fit_for_shell(std::string_view kernel_name) {
  return !kernel_name.empty() && std::all_of(kernel_name.begin(), kernel_name.end(), [](unsigned char character) {
    return std::isalnum(character) != 0 || character == '-';
  });
}

// A line that does not map plainly stays in the table, so that its volume is known not to be plain.
MapLine map_line(const std::vector<std::string_view>& fields) {
  MapLine line;
  if (fields.size() != 7 || fields[4] != "linear")
    return line;
  const auto start = sectors(fields[2]);
  const auto length = sectors(fields[3]);
  const auto target = device_number(fields[5]);
  const auto target_start = sectors(fields[6]);
  if (start && length && target && target_start)
    line = {.start = *start, .length = *length, .target = *target, .target_start = *target_start, .linear = true};
  return line;
}

Extent extent_of(std::uint64_t first_sector, std::uint64_t count) {
  return {ByteOffset(first_sector * kSectorBytes), ByteCount(count * kSectorBytes)};
}

using Footprint = std::map<std::size_t, model::ExtentSet>;

// What of the drives the device holds; nullopt when it holds some of it twice.
std::optional<Footprint> footprint(const Device& device) {
  Footprint result;
  for (const auto& segment : device.segments)
    result[segment.disk].insert(segment.on_disk);
  ByteCount total;
  for (const auto& [disk, extents] : result)
    total += extents.total();
  return device.segments.empty() || total == device.size ? std::optional(std::move(result)) : std::nullopt;
}

bool overlap(const Footprint& left, const Footprint& right) {
  return std::any_of(left.begin(), left.end(), [&](const auto& each) {
    const auto other = right.find(each.first);
    return other != right.end() && !each.second.intersection(other->second).empty();
  });
}

// The segments of a range of the parent, renumbered to begin at `at` of the child; empty unless all of it is there.
std::vector<Segment> inherited(const Device& parent, Extent range, ByteOffset at) {
  auto result = on_disks(parent.segments, range);
  ByteCount found;
  for (auto& segment : result) {
    segment.in_device = at + (segment.in_device - range.offset);
    found += segment.on_disk.length;
  }
  return found == range.length ? result : std::vector<Segment>();
}

class Builder {
 public:
  Builder(std::vector<Device>& devices, const MapTables& tables) : devices_(devices), tables_(tables) {
    for (auto& device : devices_)
      by_number_.emplace(device.number, &device);
  }

  void resolve_volumes() {
    for (auto& device : devices_)
      resolve(device, 0);
  }

 private:
  void resolve(Device& device, int depth) {
    const auto table = tables_.find(device.number);
    if (table == tables_.end() || !device.segments.empty() || depth > kDepthMax)
      return;
    std::vector<Segment> segments;
    std::uint64_t covered = 0;
    bool plain = true;
    for (const auto& line : table->second) {
      const auto parent = by_number_.find(line.target);
      plain = plain && line.linear && line.start == covered && line.length > 0 && parent != by_number_.end();
      if (!plain)
        break;
      device.parents.push_back(line.target);
      resolve(*parent->second, depth + 1);
      const auto piece = inherited(*parent->second, extent_of(line.target_start, line.length),
                                   ByteOffset(line.start * kSectorBytes));
      plain = !piece.empty();
      segments.insert(segments.end(), piece.begin(), piece.end());
      covered += line.length;
    }
    if (plain && covered * kSectorBytes == device.size.value)
      device.segments = std::move(segments);
  }

  std::vector<Device>& devices_;
  const MapTables& tables_;
  std::map<DeviceNumber, Device*> by_number_;
};

struct Parsed {
  std::map<std::string, std::size_t, std::less<>> drives;  // kernel name to index
  std::vector<std::vector<std::string_view>> blocks;
  MapTables tables;
  std::vector<std::vector<std::string_view>> volumes;
};

std::optional<std::size_t> index_of_letters(std::string_view letters) {
  std::size_t index = 0;
  if (letters.empty() || letters.size() > 3)
    return std::nullopt;
  for (const char letter : letters) {
    if (letter < 'a' || letter > 'z')
      return std::nullopt;
    index = index * 26 + static_cast<std::size_t>(letter - 'a') + 1;
  }
  return index - 1;
}

Parsed read(std::string_view text) {
  Parsed parsed;
  for (const auto line : lines(text)) {
    const auto fields = words(line);
    if (fields.empty())
      continue;
    if (fields[0] == "drive" && fields.size() == 3) {
      if (const auto index = index_of_letters(fields[1]))
        parsed.drives.emplace(fields[2], *index);
    } else if (fields[0] == "block" && fields.size() == 6 && fit_for_shell(fields[1])) {
      parsed.blocks.push_back(fields);
    } else if (fields[0] == "map" && fields.size() > 2) {
      if (const auto volume = device_number(fields[1]))
        parsed.tables[*volume].push_back(map_line(fields));
    } else if (fields[0] == "volume" && fields.size() == 7) {
      parsed.volumes.push_back(fields);
    }
  }
  return parsed;
}

// Drives first, as partitions refer to them; the appliance's own disks are left out.
std::vector<Device> block_devices(const Parsed& parsed) {
  std::vector<Device> drives;
  std::vector<Device> others;
  for (const auto& fields : parsed.blocks) {
    const auto number_of = device_number(fields[2]);
    const auto size = sectors(fields[4]);
    if (!number_of || !size)
      continue;
    Device device;
    device.number = *number_of;
    device.node = "/dev/" + std::string(fields[1]);
    device.size = ByteCount(*size * kSectorBytes);
    if (const auto drive = parsed.drives.find(fields[1]); drive != parsed.drives.end()) {
      device.kind = Device::Kind::drive;
      device.name = "/dev/sd" + drive_letters(drive->second);
      if (*size > 0)
        device.segments = {{ByteOffset(0), drive->second, extent_of(0, *size)}};
      drives.push_back(std::move(device));
    } else if (parsed.tables.contains(*number_of)) {
      others.push_back(std::move(device));
    }
  }
  for (const auto& fields : parsed.blocks) {
    const auto number_of = device_number(fields[2]);
    const auto start = sectors(fields[3]);
    const auto size = sectors(fields[4]);
    const auto partition = number<int>(fields[5]);
    if (!number_of || !start || !size || !partition || *partition <= 0)
      continue;
    const std::string suffix = std::to_string(*partition);
    const auto parent = std::find_if(drives.begin(), drives.end(), [&](const Device& drive) {
      return drive.node + suffix == "/dev/" + std::string(fields[1]);
    });
    if (parent == drives.end())
      continue;
    Device device;
    device.kind = Device::Kind::partition;
    device.number = *number_of;
    device.node = parent->node + suffix;
    device.name = parent->name + suffix;
    device.partition = *partition;
    device.size = ByteCount(*size * kSectorBytes);
    device.parents = {parent->number};
    if (*size > 0)
      device.segments = inherited(*parent, extent_of(*start, *size), ByteOffset(0));
    others.push_back(std::move(device));
  }
  drives.insert(drives.end(), others.begin(), others.end());
  return drives;
}

}  // namespace

std::string drive_letters(std::size_t index) {
  std::string result;
  for (auto rest = index + 1; rest > 0; rest = (rest - 1) / 26)
    result.insert(result.begin(), static_cast<char>('a' + (rest - 1) % 26));
  return result;
}

Layout Layout::parse(std::string_view text) {
  const Parsed parsed = read(text);
  Layout layout;
  layout.devices_ = block_devices(parsed);
  Builder(layout.devices_, parsed.tables).resolve_volumes();
  for (const auto& fields : parsed.volumes) {
    const auto size = number<std::uint64_t>(fields[3]);
    if (!size)
      continue;
    layout.volumes_.push_back({.group = std::string(fields[5]),
                               .name = std::string(fields[6]),
                               .uuid = std::string(fields[4]),
                               .size = ByteCount(*size)});
    const auto major = number<unsigned>(fields[1]);
    const auto minor = number<unsigned>(fields[2]);
    if (!major || !minor)
      continue;  // not activated
    for (auto& device : layout.devices_)
      if (device.number == DeviceNumber{*major, *minor}) {
        device.kind = Device::Kind::volume;
        device.name = "/dev/" + std::string(fields[5]) + "/" + std::string(fields[6]);
      }
  }
  return layout;
}

const Device* Layout::by_name(std::string_view name) const {
  const auto found =
      std::find_if(devices_.begin(), devices_.end(), [&](const Device& device) { return device.name == name; });
  return found == devices_.end() ? nullptr : &*found;
}

const Device* Layout::by_number(DeviceNumber number) const {
  const auto found =
      std::find_if(devices_.begin(), devices_.end(), [&](const Device& device) { return device.number == number; });
  return found == devices_.end() ? nullptr : &*found;
}

std::vector<const Device*> Layout::ancestors(const Device& device) const {
  std::vector<const Device*> result;
  std::vector<DeviceNumber> open = device.parents;
  while (!open.empty()) {
    const Device* parent = by_number(open.back());
    open.pop_back();
    if (parent == nullptr || std::find(result.begin(), result.end(), parent) != result.end())
      continue;
    result.push_back(parent);
    open.insert(open.end(), parent->parents.begin(), parent->parents.end());
  }
  return result;
}

bool Layout::lies_on(const Device& upper, const Device& lower) const {
  const auto all = ancestors(upper);
  return std::find(all.begin(), all.end(), &lower) != all.end();
}

bool Layout::leaf(const Device& device) const {
  return std::none_of(devices_.begin(), devices_.end(),
                      [&](const Device& other) { return &other != &device && lies_on(other, device); });
}

bool Layout::alone(const Device& device) const {
  const auto own = footprint(device);
  return own && std::none_of(devices_.begin(), devices_.end(), [&](const Device& other) {
           if (&other == &device || lies_on(device, other) || lies_on(other, device))
             return false;
           const auto others = footprint(other);
           return !others || overlap(*own, *others);
         });
}

std::vector<Segment> on_disks(const std::vector<Segment>& segments, Extent extent) {
  std::vector<Segment> result;
  auto segment = std::upper_bound(segments.begin(), segments.end(), extent.offset,
                                  [](ByteOffset at, const Segment& each) { return at < each.in_device; });
  if (segment != segments.begin())
    --segment;
  for (; segment != segments.end() && segment->in_device < extent.end(); ++segment) {
    const ByteOffset from = std::max(extent.offset, segment->in_device);
    const ByteOffset to = std::min(extent.end(), segment->in_device + segment->on_disk.length);
    if (from < to)
      result.push_back({from, segment->disk, {segment->on_disk.offset + (from - segment->in_device), to - from}});
  }
  return result;
}

}  // namespace jaunt::describe
