#include "describe_screen.hpp"

#include <algorithm>
#include <vector>

#include <fmt/format.h>

#include "base/hash.hpp"
#include "base/text.hpp"
#include "page.hpp"

namespace jaunt::cli {

using base::human_bytes;
using base::printable;

namespace {

constexpr std::size_t kUserDataMax = 8;  // the largest ones; JSON has all
constexpr std::size_t kProblemsMax = 20;
constexpr std::size_t kBar = 30;
constexpr std::size_t kRootDigits = 16;

void show_machine(Page& page, const model::Hardware& h) {
  page.field("state", joined({h.state, h.persistent ? "" : "transient", h.autostart ? "autostart" : "",
                              h.managed_save ? "has a saved state" : ""}));
  page.field("machine",
             joined({fmt::format("{} × {}", h.vcpus, h.arch), human_bytes(h.memory) + " of memory",
                     printable(h.machine), h.virtualization == "qemu" ? "emulated" : printable(h.virtualization)}));
  page.field("firmware", joined({printable(h.firmware.kind), h.firmware.secure_boot ? "secure boot" : "",
                                 h.tpm.empty() ? "" : "TPM " + printable(h.tpm)}));
  for (const model::NetworkInterface& nic : h.interfaces)
    page.field("network", joined({printable(nic.mac), printable(nic.model), printable(nic.kind + " " + nic.source)}));
  for (const std::string& device : h.host_devices)
    page.field("host device", printable(device));
  std::vector<std::string> snapshots;
  for (const model::Snapshot& snapshot : h.snapshots)
    snapshots.push_back(printable(snapshot.name) + (snapshot.current ? " (current)" : ""));
  page.field("snapshots", joined(snapshots));
}

void show_system(Page& page, const model::OperatingSystem& os) {
  page.title(printable(os.product.empty() ? os.type : os.product));
  page.field("host name", printable(os.hostname));
  page.field("system", joined({printable(os.arch), printable(os.init), "root on " + printable(os.root_device)}));
  if (!os.packages.empty() || !os.package_format.empty())
    page.field("packages", fmt::format("{} {}", os.packages.size(), printable(os.package_format)));
  std::vector<std::string> sources;
  for (const model::Repository& repository : os.repositories)
    if (repository.enabled)
      sources.push_back(printable(joined({repository.uri, repository.suite}, " ")));
  std::sort(sources.begin(), sources.end());
  sources.erase(std::unique(sources.begin(), sources.end()), sources.end());
  for (const std::string& source : sources)
    page.field(&source == &sources.front() ? "from" : "", source);
  std::vector<const model::UserData*> places;
  for (const model::UserData& data : os.user_data)
    if (data.bytes.value > 0)
      places.push_back(&data);
  for (std::size_t i = 0; i < std::min(places.size(), kUserDataMax); ++i)
    page.item(i == 0 ? "user data" : "",
              fmt::format("{} {} in {} {}", fitted_right(human_bytes(places[i]->bytes), 10),
                          printable(places[i]->path), places[i]->files, places[i]->files == 1 ? "file" : "files"));
  if (places.size() > kUserDataMax)
    page.field("", fmt::format("and {} more places", places.size() - kUserDataMax));
}

std::string_view name_of(model::FilesystemState state) {
  switch (state) {
    case model::FilesystemState::clean:
      return "clean";
    case model::FilesystemState::dirty:
      return "dirty";
    case model::FilesystemState::in_use:
      return "in use";
    case model::FilesystemState::unknown:
      break;
  }
  return "";
}

std::string size_or_dash(const std::optional<base::ByteCount>& size) {
  return size ? human_bytes(*size) : "–";
}

// Sizes are at most eight wide; a narrow terminal goes without free space, the names share what is left.
std::vector<Column> filesystem_columns(std::size_t width, std::size_t device_wanted) {
  constexpr std::size_t fixed = 3 + 10 + 10 + 10 + 9;  // margins, type, size, used, state
  const std::size_t free = width < 72 ? 0 : 8;
  const std::size_t left = width - fixed - (free > 0 ? free + 2 : 0);
  const std::size_t device = std::clamp<std::size_t>(device_wanted, 6, left / 2);
  return {{device}, {8}, {8, true}, {8, true}, {free, true}, {7}, {left - device - 1}};
}

void show_filesystems(Page& page, const std::vector<model::Filesystem>& filesystems) {
  if (filesystems.empty())
    return;
  page.title("Filesystems");
  std::size_t longest = 0;
  for (const model::Filesystem& fs : filesystems)
    longest = std::max(longest, columns(printable(fs.device)));
  const std::vector<Column> layout = filesystem_columns(page.terminal().width, longest);
  page.row(layout, {"device", "type", "size", "used", "free", "state", "mounted"}, Tone::faint);
  for (const model::Filesystem& fs : filesystems) {
    std::vector<std::string> points;
    for (const std::string& point : fs.mount_points)
      points.push_back(printable(point));
    const std::string label = fs.label.empty() ? "" : fmt::format("[{}]", printable(fs.label));
    page.row(layout,
             {printable(fs.device), printable(fs.type.empty() ? "?" : fs.type), human_bytes(fs.size),
              size_or_dash(fs.used), size_or_dash(fs.free), fs.opaque ? "opaque" : std::string(name_of(fs.state)),
              points.empty() ? label : joined(points)});
    if (fs.state == model::FilesystemState::dirty && !fs.state_reason.empty())
      page.line("not clean: " + printable(fs.state_reason), 4);
  }
}

// What the disk's bytes are: needed █, elided ▒, zero ·.
std::string bar(const model::Disk& disk) {
  const double size = static_cast<double>(std::max<std::uint64_t>(disk.size.value, 1));
  const auto part = [&](base::ByteCount bytes) {
    const auto cells = static_cast<std::size_t>(static_cast<double>(bytes.value) / size * kBar + 0.5);
    return std::min(bytes.value > 0 ? std::max<std::size_t>(cells, 1) : 0, kBar);
  };
  const std::size_t needed = part(disk.needed);
  const std::size_t nonzero = std::clamp(part(disk.nonzero), needed, kBar);
  std::string text;
  for (std::size_t i = 0; i < kBar; ++i)
    text += i < needed ? "█" : i < nonzero ? "▒" : "·";
  return text;
}

std::string_view name_of(model::DiskRole role) {
  switch (role) {
    case model::DiskRole::disk:
      return "Disk";
    case model::DiskRole::cdrom:
      return "CD-ROM";
    case model::DiskRole::floppy:
      return "Floppy";
    case model::DiskRole::seed:
      return "Seed";
  }
  return "";
}

void show_disk(Page& page, const model::Disk& disk) {
  page.title(joined({fmt::format("{} {}", name_of(disk.role), printable(disk.target)),
                     disk.size.value > 0 ? human_bytes(disk.size) : "", printable(disk.format),
                     disk.read_only ? "read-only" : "", disk.shareable ? "shared" : ""}));
  if (disk.layers.empty())
    page.field("source", printable(disk.source));
  for (const model::Layer& layer : disk.layers)
    page.field(&layer == &disk.layers.front() ? "image" : "on",
               joined({printable(layer.path), &layer == &disk.layers.front() ? "" : printable(layer.format),
                       layer.allocated.value > 0 ? human_bytes(layer.allocated) + " allocated" : ""}));
  if (!disk.root)
    return;
  page.field("content", bar(disk));
  page.field(
      "",
      fmt::format("{} needed, {} elided, {} zero", human_bytes(disk.needed), human_bytes(disk.nonzero - disk.needed),
                  human_bytes(base::ByteCount(disk.size.value - std::min(disk.size, disk.nonzero).value))));
  page.field("root", base::to_hex(*disk.root).substr(0, kRootDigits) + "…");
  if (disk.carried_root && disk.carried_root != disk.root)
    page.field("carried", base::to_hex(*disk.carried_root).substr(0, kRootDigits) + "…");
}

void show_problems(Page& page, const std::vector<model::Problem>& problems) {
  if (problems.empty())
    return;
  page.title("What could not be read");
  for (std::size_t i = 0; i < std::min(problems.size(), kProblemsMax); ++i)
    page.line(fmt::format("{}: {}", printable(problems[i].subject), printable(problems[i].cause)));
  if (problems.size() > kProblemsMax)
    page.line(fmt::format("and {} more (--json has them all)", problems.size() - kProblemsMax));
}

}  // namespace

std::string screen(const model::Description& description, const Terminal& terminal, bool from_cache) {
  Page page(terminal);
  page.title(printable(description.subject));
  if (description.hardware)
    show_machine(page, *description.hardware);
  for (const model::OperatingSystem& system : description.systems)
    show_system(page, system);
  show_filesystems(page, description.filesystems);
  for (const model::Disk& disk : description.disks)
    show_disk(page, disk);
  show_problems(page, description.problems);
  std::string text = page.take();
  if (from_cache)
    text += "\n" +
            painted(terminal, Tone::faint, "Known from before; no file has changed since (--fresh reads again).") +
            "\n";
  return text;
}

}  // namespace jaunt::cli
