#include "describe/guest.hpp"

#include <algorithm>

#include <guestfs.h>

#include "base/text.hpp"
#include "describe/layout.hpp"
#include "describe/session.hpp"

namespace jaunt::describe {

namespace {

using base::ByteCount;

constexpr ByteCount kLayoutBytesMax{16 * base::kMiB};

}  // namespace

GuestFacts inspect_guest(const std::vector<Drive>& drives, const InspectOptions& options, base::Progress& progress,
                         const base::CancelToken& cancel) {
  GuestFacts facts;
  facts.elidable.resize(drives.size());
  progress.stage("starting the appliance", ByteCount(0));
  GuestSession session(drives, options, progress, cancel);
  progress.stage("reading the disks' layout", ByteCount(0));
  const Layout layout = Layout::parse(session.output({"layout"}, kLayoutBytesMax));
  facts.logical_volumes = layout.volumes();
  const StringList listed(session("list", "filesystems", [](guestfs_h* g) { return guestfs_list_filesystems(g); }));
  const auto values = listed.values();
  for (std::size_t i = 0; i + 1 < values.size(); i += 2) {
    model::Filesystem filesystem;
    filesystem.device = values[i];
    filesystem.type = values[i + 1];
    if (const Device* device = layout.by_name(filesystem.device))
      filesystem.size = device->size;
    facts.filesystems.push_back(std::move(filesystem));
  }
  return facts;
}

}  // namespace jaunt::describe
