// What is inside a guest's disks, found out in the libguestfs appliance: nothing of the guest is ever interpreted by
// this process or by the host's kernel, and nothing is ever written to its disks.
#pragma once

#include <cstddef>
#include <filesystem>
#include <functional>
#include <string>
#include <vector>

#include "base/error.hpp"
#include "base/progress.hpp"
#include "disk/nbd_image.hpp"
#include "model/description.hpp"
#include "model/extent.hpp"

namespace jaunt::describe {

// One disk of the guest, served read-only over a unix socket that outlives the call; the appliance opens no image
// file itself, so it takes no lock and probes no format.
using Drive = disk::NbdAddress;

// A piece of a file on one of the guest's disks.
struct FilePiece {
  std::size_t disk = 0;
  base::ByteOffset in_file;
  model::Extent on_disk;
};

// Where a file's bytes lie. A hint for grouping blocks: never a promise.
struct FileExtents {
  std::string path;        // as its filesystem names it, without a leading slash; any bytes but NUL
  std::string filesystem;  // model::Filesystem::device
  base::ByteCount size;
  std::vector<FilePiece> pieces;
};

struct InspectOptions {
  bool force_tcg = false;                 // KVM is known not to work here
  bool in_use = false;                    // the guest runs or is frozen: nothing is elided
  std::filesystem::path cache_folder;     // where the appliance is built once and kept; made if missing
  std::filesystem::path confine_program;  // jaunt-confine; by default the one that belongs to this program
  // Called for every file of every filesystem that can be mounted, from another thread than the caller's, but never
  // concurrently; empty: files are not looked at.
  std::function<void(const FileExtents&)> on_file;
};

// The guest's half of a description.
struct GuestFacts {
  std::vector<model::OperatingSystem> systems;
  std::vector<model::PartitionTable> partition_tables;
  std::vector<model::LogicalVolume> logical_volumes;
  std::vector<model::Filesystem> filesystems;
  std::vector<model::Problem> problems;
  // Per drive, whole blocks of the disk that its filesystems prove to be free.
  std::vector<model::ExtentSet> elidable;
};

// Starts one appliance for all the drives of one guest and blocks until everything is read. What cannot be read
// becomes a problem; throws an Error of kind guest only where the appliance itself cannot be started, and Cancelled.
GuestFacts inspect_guest(const std::vector<Drive>& drives, const InspectOptions& options, base::Progress& progress,
                         const base::CancelToken& cancel);

}  // namespace jaunt::describe
