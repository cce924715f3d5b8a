// What a teleport would do and cost: where every block of the target comes from, bytes and seconds of each source,
// and what stands in the way. Plain values, filled by match and engine; docs/plan.md is their JSON.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/hash.hpp"
#include "base/units.hpp"
#include "model/block.hpp"
#include "model/blocker.hpp"
#include "model/description.hpp"
#include "model/source_kind.hpp"

namespace jaunt::model {

inline constexpr int kPlanVersion = 1;

// In a run of the base: it is the base as a whole, at the very place where the target has it.
inline constexpr std::uint32_t kInPlace = 0xffffffff;

// Blocks of the target that lie behind one another and have one source, where they lie behind one another too.
struct Run {
  SourceKind source = SourceKind::zero;
  std::uint64_t blocks = 0;
  std::uint32_t part = 0;  // of base, local and package: index into DiskPlan::layers; or kInPlace
  BlockIndex from = {};    // of these: the first block within that layer, or within the base

  bool operator==(const Run&) const = default;
};

// How fast source and destination are connected.
struct LinkSpeed {
  base::ByteCount bytes_per_second = {};
  std::chrono::microseconds round_trip = {};
  std::string origin = {};  // "measured", "given", "assumed"
  bool operator==(const LinkSpeed&) const = default;
};

// What one source gives, of a disk or of a whole plan.
struct SourceShare {
  SourceKind source = SourceKind::zero;
  base::ByteCount bytes = {};              // of the target
  base::ByteCount wire = {};               // that cross the link for them, as forecast
  std::chrono::microseconds seconds = {};  // that this source is busy
  bool operator==(const SourceShare&) const = default;
};

// An image that could be the base.
struct PlannedCandidate {
  std::string image = {};         // its name here: "web1 vda" of a domain, else its path
  base::ByteCount covered = {};   // of the needed bytes, at whatever place
  bool exact = false;             // else estimated from samples
  base::ByteCount in_place = {};  // of these, at the same place; known only where it is exact
  bool chosen = false;
  bool operator==(const PlannedCandidate&) const = default;
};

// A file that a plan relies on, and what it was then.
struct PlannedFile {
  std::string path = {};
  FileIdentity identity = {};
  bool operator==(const PlannedFile&) const = default;
};

// A local layer that gives blocks.
struct PlannedLayer {
  std::string path = {};
  std::vector<PlannedFile> files = {};  // that hold its bytes, the first one named so
  bool of_base = false;
  bool hint = false;  // it may be written to, so what it gives is only probable
  bool operator==(const PlannedLayer&) const = default;
};

struct DiskPlan {
  std::string target = {};  // "vda"; "disk0" of a bare image
  base::ByteCount size = {};
  base::ByteCount needed = {};  // of non-zero blocks that are not elided
  base::Hash32 root = {};
  base::Hash32 carried_root = {};
  std::uint64_t candidates_ranked = 0;
  std::vector<PlannedCandidate> candidates = {};  // the best ones, best first
  std::optional<std::string> base = {};           // the image's name
  std::string base_reason = {};                   // a sentence: why this one, or why none
  std::vector<PlannedLayer> layers = {};          // all of the base, top first, then others that runs name
  std::vector<SourceShare> sources = {};          // only those that give something, in the order of SourceKind
  std::uint64_t runs = 0;
  bool operator==(const DiskPlan&) const = default;
};

// Compressed files that come as what is in them, and are packed again.
struct PlannedArchives {
  std::uint64_t count = 0;
  base::ByteCount bytes = {};
  base::ByteCount saved = {};  // that would cross the link more without it; zero: they come as they are
  bool operator==(const PlannedArchives&) const = default;
};

struct Forecast {
  base::ByteCount wire = {};  // both directions
  std::chrono::microseconds seconds = {};
  std::string slowest = {};  // what the rest waits for: "link", "destination disk", ...
  bool operator==(const Forecast&) const = default;
};

// A copy without jaunt.
struct PlainCopy {
  std::string name = {};  // "raw copy", "zstd -3 piped"
  base::ByteCount wire = {};
  std::chrono::microseconds seconds = {};
  bool operator==(const PlainCopy&) const = default;
};

// The same over another link.
struct Elsewhere {
  LinkSpeed link = {};
  Forecast forecast = {};
  PlainCopy plain_copy = {};  // the fastest one
  bool operator==(const Elsewhere&) const = default;
};

struct Plan {
  std::string id = {};
  std::string subject = {};      // "web1"
  std::string source = {};       // the node that has it: "home:/var/lib/jaunt"
  std::string name = {};         // that the VM would have here; empty for an image
  std::string format = {};       // of an image, as it was given; empty where nothing needed to tell it
  std::string realm = {};        // of what is here
  std::int64_t created = 0;      // seconds since 1970
  std::int64_t as_of = 0;        // when the source's disks were as planned, seconds since 1970
  bool running = false;          // the source ran then, so it has changed since
  std::int64_t lease_until = 0;  // seconds since 1970; 0: no lease
  LinkSpeed link = {};
  std::vector<DiskPlan> disks = {};
  std::vector<SourceShare> sources = {};  // of all disks
  base::ByteCount difference_sent = {};   // by this node, to find out what it needs
  base::ByteCount difference_received = {};
  PlannedArchives archives = {};             // that a teleport would take apart
  Forecast forecast = {};                    // as planned
  std::vector<PlainCopy> plain_copies = {};  // fastest first
  bool plain_copy_is_faster = false;         // then the runs are those of a plain copy
  std::vector<Elsewhere> elsewhere = {};     // slowest link first
  std::chrono::microseconds downtime = {};   // of a move; zero where nothing runs
  base::ByteCount space = {};                // needed at the destination
  std::vector<Blocker> blockers = {};
  std::vector<Problem> problems = {};  // what could not be planned, and why
  bool operator==(const Plan&) const = default;
};

}  // namespace jaunt::model
