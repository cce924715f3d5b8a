// The job behind `jaunt describe`.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/error.hpp"
#include "base/progress.hpp"
#include "disk/chain.hpp"
#include "disk/image.hpp"
#include "disk/nbd_image.hpp"
#include "engine/config.hpp"
#include "engine/home.hpp"
#include "model/description.hpp"
#include "model/extent.hpp"
#include "model/tree_file.hpp"

namespace jaunt::engine {

struct DescribeOptions {
  std::optional<std::string> format;  // of an image, where nothing else tells it
  bool quick = false;                 // no blocks are read, so disks have no roots
  bool fresh = false;                 // nothing that was kept is used
  bool with_trees = false;            // of disks that are known, too
  bool hold = false;                  // Described::held
  bool media = false;                 // CD-ROMs and seeds are read like disks, but nobody looks inside
};

// A disk whose blocks were read.
struct ReadDisk {
  std::size_t index = 0;  // into Description::disks
  std::shared_ptr<const model::TreeView> tree = {};
  model::ExtentSet elided = {};
  disk::Chain chain = {};  // its files; of a running machine they tell only what probably is there
  std::optional<disk::NbdAddress> served = {};  // where it can be read as of the instant, as long as that is held
};

// The disk as it was read: of a running machine its instant, never the files that are in use.
std::unique_ptr<disk::Image> open_disk(const ReadDisk& disk);

// Keeps a machine's disks as they were read, for as long as it lives: a running one's instant; one that is shut off
// is watched. One thread.
class HeldDisks {
 public:
  HeldDisks() = default;
  virtual ~HeldDisks() = default;
  HeldDisks(const HeldDisks&) = delete;
  HeldDisks& operator=(const HeldDisks&) = delete;

  // Throws why they are no longer so: busy where the machine was started; what hypervisor::Backup::check() says of an
  // instant that is lost.
  virtual void check() const = 0;
};

// How the disks of a running machine were at their instant.
struct Instant {
  bool frozen = false;      // by the guest's agent; else they are as after a loss of power
  std::string consistency;  // the same as a sentence, with the reason
};

struct GuestFiles;

struct Described {
  model::Description description = {};
  bool from_cache = false;  // guest and disks are as they were kept, because no file has changed since
  // Some disk or the inside of the guest could not be read; the description's problems tell why.
  bool incomplete = false;
  std::int64_t as_of = 0;                        // when the disks were so, seconds since 1970
  std::vector<ReadDisk> disks = {};              // unless they are known, and their trees were not asked for
  std::shared_ptr<const GuestFiles> files = {};  // where it is known
  std::optional<Instant> instant = {};
  std::shared_ptr<const HeldDisks> held = {};  // where that was asked for, and somebody may change them
};

class AskingEnd;

// Where a job works, and how it tells of itself. All of it outlives the job.
struct Workplace {
  const Home& home;
  const Config& config;
  base::Progress& progress;
  base::CancelToken cancel;
  AskingEnd* caller = nullptr;  // of a job whose source has dialled in
};

// Ends what jobs have left whose process is gone, and tells of it.
void clean_up_after_others(const Workplace& workplace);

// Describes a domain, image or volume. Cleans up after killed jobs first. Throws where the subject itself cannot be
// found or read; a VM of which only some disks cannot be read is described with problems.
Described describe(const std::string& subject, const DescribeOptions& options, const Workplace& workplace);

}  // namespace jaunt::engine
