#include "describe/guest.hpp"

#include <algorithm>
#include <map>
#include <optional>

#include <fmt/format.h>

#include "base/text.hpp"
#include "describe/contents.hpp"
#include "describe/elision.hpp"
#include "describe/layout.hpp"
#include "describe/probe.hpp"
#include "describe/session.hpp"
#include "describe/systems.hpp"

namespace jaunt::describe {

namespace {

using base::ByteCount;
using base::Error;
using model::FilesystemState;

constexpr ByteCount kLayoutBytesMax{16 * base::kMiB};
constexpr std::size_t kProbesAtOnce = 64;

// One guest while it is looked into.
class Inspection {
 public:
  Inspection(GuestSession& session, const InspectOptions& options, std::size_t drives, base::Progress& progress)
      : session_(session), options_(options), progress_(progress) {
    facts_.elidable.resize(drives);
  }

  GuestFacts run() {
    try {
      progress_.stage("reading the disks' layout", ByteCount(0));
      read_layout();
      progress_.stage("reading free space", ByteCount(0));
      for (const auto& device : layout_.devices())
        add_filesystem(device);
      elide();
      progress_.stage("inspecting the guest", ByteCount(0));
      add_systems();
      progress_.stage("looking at files", ByteCount(0));
      add_contents();
    } catch (const Error& error) {
      add_problem("the guest", error);  // the appliance is lost; what is known stays known
    }
    return std::move(facts_);
  }

 private:
  void add_problem(const std::string& subject, const Error& error) {
    facts_.problems.push_back({.subject = subject, .cause = error.what()});
  }

  void read_layout() {
    layout_ = Layout::parse(session_.output({"layout"}, kLayoutBytesMax));
    facts_.logical_volumes = layout_.volumes();
    std::vector<std::string> nodes;
    for (const auto& device : layout_.devices())
      nodes.push_back(device.node);
    for (std::size_t at = 0; at < nodes.size(); at += kProbesAtOnce) {
      std::string command;
      for (std::size_t i = at; i < std::min(at + kProbesAtOnce, nodes.size()); ++i)
        command.append(command.empty() ? "" : " ").append(nodes[i]);
      probes_.merge(parse_probes(session_.output({"probe", command}, kLayoutBytesMax)));
    }
    for (const auto& device : layout_.devices())
      if (device.kind == Device::Kind::drive)
        add_table(device);
  }

  const Probe& probe(const Device& device) { return probes_[device.node]; }

  void add_table(const Device& drive) {
    if (drive.segments.empty())
      return;
    const int disk = static_cast<int>(drive.segments.front().disk);
    model::PartitionTable table{.disk = disk, .type = probe(drive).table, .partitions = {}};
    for (const auto& device : layout_.devices()) {
      const bool here = device.kind == Device::Kind::partition && device.parents.front() == drive.number;
      if (here && device.segments.empty())
        facts_.problems.push_back({.subject = device.name, .cause = "the partition reaches beyond its disk's end"});
      if (here && !device.segments.empty())
        table.partitions.push_back({.device = device.name,
                                    .disk = disk,
                                    .extent = device.segments.front().on_disk,
                                    .type = probe(device).partition_type,
                                    .label = probe(device).partition_label});
    }
    std::sort(table.partitions.begin(), table.partitions.end(),
              [](const auto& left, const auto& right) { return left.extent.offset < right.extent.offset; });
    if (table.type == "dos")
      table.type = "msdos";
    if (table.type.empty() && !table.partitions.empty())
      table.type = "unknown";
    if (!table.type.empty())
      facts_.partition_tables.push_back(std::move(table));
  }

  // Everything that is not cut into something else counts as a filesystem, if only an opaque one.
  void add_filesystem(const Device& device) {
    const Probe& seen = probe(device);
    const bool cut_up = !layout_.leaf(device) || !seen.table.empty() || seen.type == "LVM2_member";
    constexpr ByteCount kExtendedPartitionBytes{1024};  // as the kernel shows what only holds other partitions
    if (cut_up || device.size <= kExtendedPartitionBytes)
      return;
    model::Filesystem filesystem;
    filesystem.device = device.name.empty() ? device.node : device.name;
    filesystem.type = seen.type.empty() ? "unknown" : seen.type;
    filesystem.label = seen.label;
    filesystem.uuid = seen.uuid;
    filesystem.size = device.size;
    filesystem.opaque = seen.type.empty() || seen.type == "crypto_LUKS";
    const FreeSpace space = read_free_space(session_, device, seen.type);
    filesystem.state = space.state;
    filesystem.state_reason = space.reason;
    filesystem.free = space.free;
    if (space.free && *space.free <= space.size)
      filesystem.used = space.size - *space.free;
    if (space.state == FilesystemState::clean)
      believe(device, space, filesystem);
    else if (seen.type.starts_with("ext") || seen.type == "xfs")
      facts_.problems.push_back(
          {.subject = filesystem.device, .cause = "its free space is not used: " + space.reason});
    facts_.filesystems.push_back(std::move(filesystem));
  }

  // A clean filesystem's free space counts unless the guest runs or its place is in doubt.
  void believe(const Device& device, const FreeSpace& space, model::Filesystem& filesystem) {
    if (options_.in_use) {
      filesystem.state = FilesystemState::in_use;
      filesystem.state_reason = "the guest is running";
    } else if (const auto doubt = placement_doubt(layout_, probes_, device); !doubt.empty()) {
      filesystem.state = FilesystemState::unknown;
      filesystem.state_reason = doubt;
    } else {
      proven_.push_back({&device, facts_.filesystems.size(), space.elidable});
    }
  }

  // Last, because two filesystems with one identity cast doubt on both.
  void elide() {
    std::map<std::string, int> uses;
    for (const auto& filesystem : facts_.filesystems)
      if (!filesystem.uuid.empty())
        ++uses[filesystem.uuid];
    for (const auto& proof : proven_) {
      auto& filesystem = facts_.filesystems[proof.filesystem];
      if (!filesystem.uuid.empty() && uses[filesystem.uuid] > 1) {
        filesystem.state = FilesystemState::unknown;
        filesystem.state_reason = "another filesystem of this guest has the same UUID";
      } else {
        filesystem.elidable = add_elidable(*proof.device, proof.free, facts_.elidable);
      }
    }
  }

  void add_systems() {
    auto inspected = inspect_systems(session_, facts_.problems);
    for (auto& each : inspected) {
      for (const auto& [point, device] : each.mounts)
        for (auto& filesystem : facts_.filesystems)
          if (filesystem.device == device)
            filesystem.mount_points.push_back(point);
      facts_.systems.push_back(std::move(each.system));
      mounts_.push_back(std::move(each.mounts));
    }
  }

  bool mountable(const model::Filesystem& filesystem) const {
    return !filesystem.opaque && filesystem.type != "swap" && !filesystem.type.ends_with("_member") &&
           layout_.by_name(filesystem.device) != nullptr;
  }

  void add_contents() {
    std::vector<UserDataCounter> counters(facts_.systems.size());
    for (auto& filesystem : facts_.filesystems) {
      if (!mountable(filesystem))
        continue;
      try {
        look_into(filesystem, counters);
      } catch (const Error& error) {
        if (session_.lost())
          throw;
        add_problem(filesystem.device, error);
      }
    }
    for (std::size_t i = 0; i < counters.size(); ++i)
      facts_.systems[i].user_data = counters[i].places();
  }

  void look_into(model::Filesystem& filesystem, std::vector<UserDataCounter>& counters) {
    MountedFilesystem mounted(session_, filesystem);
    if (!filesystem.free)
      mounted.read_space(filesystem);
    for (std::size_t i = 0; i < counters.size(); ++i)
      for (const auto& [point, device] : mounts_[i])
        if (device == filesystem.device)
          mounted.count_user_data(point, counters[i]);
    if (options_.on_file)
      mounted.read_files(*layout_.by_name(filesystem.device), options_.on_file);
  }

  struct Proof {
    const Device* device;
    std::size_t filesystem;  // index
    model::ExtentSet free;
  };

  GuestSession& session_;
  const InspectOptions& options_;
  base::Progress& progress_;
  Layout layout_;
  Probes probes_;
  std::vector<Proof> proven_;
  std::vector<std::map<std::string, std::string>> mounts_;  // of each system
  GuestFacts facts_;
};

}  // namespace

GuestFacts inspect_guest(const std::vector<Drive>& drives, const InspectOptions& options, base::Progress& progress,
                         const base::CancelToken& cancel) {
  progress.stage("starting the appliance", ByteCount(0));
  GuestSession session(drives, options, progress, cancel);
  return Inspection(session, options, drives.size(), progress).run();
}

}  // namespace jaunt::describe
