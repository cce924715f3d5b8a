#include "engine/inspection.hpp"

#include <iterator>
#include <utility>

#include "base/error.hpp"
#include "describe/guest.hpp"
#include "model/block.hpp"

namespace jaunt::engine {

namespace {

template <class T>
void append(std::vector<T>& to, std::vector<T>&& from) {
  to.insert(to.end(), std::make_move_iterator(from.begin()), std::make_move_iterator(from.end()));
}

// The appliance numbers only the disks it was given.
void restore_indices(describe::GuestFacts& facts, const std::vector<InspectedDisk>& disks) {
  const auto restore = [&](int& disk) {
    if (disk >= 0 && static_cast<std::size_t>(disk) < disks.size())
      disk = static_cast<int>(disks[static_cast<std::size_t>(disk)].index);
  };
  for (model::PartitionTable& table : facts.partition_tables) {
    restore(table.disk);
    for (model::Partition& partition : table.partitions)
      restore(partition.disk);
  }
}

}  // namespace

Inspection inspect(model::Description& description, const std::vector<InspectedDisk>& disks,
                   const InspectionOptions& options, const Workplace& workplace) {
  Inspection inspection;
  inspection.elidable.resize(disks.size());
  if (disks.empty())
    return inspection;
  if (!workplace.config.appliance_use) {
    workplace.progress.note("the inside of the guest is not looked at, as appliance.use says");
    return inspection;
  }
  std::vector<describe::Drive> drives;
  for (const InspectedDisk& disk : disks)
    drives.push_back({disk.address.socket, disk.address.export_name});
  describe::InspectOptions how;
  how.force_tcg = options.tcg;
  how.in_use = options.in_use;
  how.cache_folder = workplace.config.appliance_folder;
  GuestFilesCollector files;
  how.on_file = [&](const describe::FileExtents& file) {
    describe::FileExtents placed = file;
    for (describe::FilePiece& piece : placed.pieces)
      piece.disk = disks.at(piece.disk).index;
    files.add(placed);
  };
  try {
    describe::GuestFacts facts = describe::inspect_guest(drives, how, workplace.progress, workplace.cancel);
    restore_indices(facts, disks);
    append(description.systems, std::move(facts.systems));
    append(description.partition_tables, std::move(facts.partition_tables));
    append(description.logical_volumes, std::move(facts.logical_volumes));
    append(description.filesystems, std::move(facts.filesystems));
    append(description.problems, std::move(facts.problems));
    facts.elidable.resize(disks.size());
    inspection.elidable = std::move(facts.elidable);
    inspection.files = files.finish();
  } catch (const base::Error& failure) {
    description.problems.push_back({"the inside of the guest", failure.what()});
    inspection.whole = false;
  }
  return inspection;
}

void fill_roots(model::Disk& disk, const model::TreeSummary& tree) {
  disk.root = tree.root;
  disk.carried_root = tree.carried_root;
  disk.nonzero = base::ByteCount(tree.nonzero_blocks * model::kBlockBytes);
  disk.needed = base::ByteCount(tree.needed_blocks * model::kBlockBytes);
}

}  // namespace jaunt::engine
