// Picks the cheapest source for everything, and forecasts what that will cost.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "match/cost.hpp"
#include "match/survey.hpp"
#include "model/source_kind.hpp"

namespace jaunt::match {

// What is to be done, beside where the blocks could come from.
struct Task {
  Survey survey;                  // of all disks
  base::ByteCount nonzero;        // what a plain copy would have to carry: leftovers in free space included
  base::ByteCount read_first;     // what the source has to read before the difference can be worked out
  base::ByteCount difference;     // the difference protocol's own bytes, both directions
  std::uint32_t round_trips = 4;  // that nothing overlaps with
  double working_out = 0;         // seconds that both nodes need for the difference, beside these
  base::ByteCount archives;       // compressed files, of what only the wire has, whose content is here for the most part
  bool thin = false;              // the target stands on the base instead of copying it
  // For the downtime of a move; one that is shut off has none.
  bool running = false;
  base::ByteCount memory;   // that travels along; zero when the guest is started anew
  double dirty_rate = 1e6;  // bytes of disk per second that the running guest changes
};

// Which sources are used at all, and how.
struct Choice {
  bool plain = false;          // everything that is not zero crosses the wire; nothing is looked for
  model::SourceSet used;       // else these, wire always among them
  unsigned run_class_min = 0;  // shorter runs are not gathered from base, local and store
  int compression_level = 0;   // of zstd on the wire; 0: as it is
  // Runs as long as this are taken from the store where it holds them beside a base or another image.
  unsigned store_class_min = kRunClasses;

  // The one source of a run of needed blocks, of all that hold it the cheapest in this way.
  model::SourceKind source_of(model::SourceSet holders, std::uint64_t run_blocks) const;
};

// What one kind of source contributes.
struct SourceForecast {
  base::ByteCount bytes;  // of the target
  base::ByteCount moved;  // read, fetched or received for them, compressed where they come so
  double seconds = 0;     // that it takes by itself, were nothing else to wait for
};

// A copy without jaunt.
struct PlainCopy {
  std::string name;  // "raw copy" of the non-zero bytes, "zstd -3 piped" of the same
  base::ByteCount wire;
  double seconds = 0;
};

struct Forecast {
  Choice choice;
  model::BySource<SourceForecast> sources;
  base::ByteCount wire;                 // both directions, the difference's own bytes included
  base::ByteCount archives_saved;       // that would cross more if archives came as they are
  double seconds = 0;                   // all of it
  double serial_seconds = 0;            // of these, what overlaps with nothing: reading first, round trips
  std::string slowest;                  // what the rest waits for: "link", "destination disk", "source CPU", ...
  std::vector<PlainCopy> plain_copies;  // fastest first
  bool plain_copy_is_faster = false;    // than any other way; then `choice` is plain
  double downtime_seconds = 0;          // of a move: from the source's stop until the target can start
  base::ByteCount space;                // needed on the destination's disk
};

// The fastest way there is, of all disks together. More of any rate never makes it slower.
Forecast forecast(const Task& task, const Costs& costs);

// What a choice brings from where, of one disk; forecast() has it of all together.
model::BySource<SourceForecast> tally(const Survey& survey, const Choice& choice, const Costs& costs);

}  // namespace jaunt::match
