// Making room in the store: blocks that nothing refers to go, packs with much garbage are rewritten.
#pragma once

#include <chrono>
#include <cstdint>
#include <string>

#include "base/error.hpp"
#include "base/progress.hpp"
#include "chunkstore/store.hpp"

namespace jaunt::chunkstore {

struct GcOptions {
  // Blocks that nothing refers to stay, the youngest, as long as all packs together are not larger than this.
  base::ByteCount keep_max{0};
  // A pack is rewritten when so much of it is garbage; one that is garbage altogether goes in any case.
  double garbage_min = 0.25;
  unsigned threads = 0;
  std::chrono::milliseconds patience = std::chrono::seconds(10);  // with a writer
};

struct GcReport {
  base::ByteCount bytes_before;  // of all packs
  base::ByteCount bytes_after;
  std::uint64_t packs_removed = 0;
  std::uint64_t packs_rewritten = 0;  // of those removed: had blocks that were kept
  std::uint64_t blocks_moved = 0;
  std::uint64_t blocks_dropped = 0;  // copies of blocks, to be exact
};

// Readers and new references go on meanwhile, in any process; readers find what has moved when they look again.
// Throws busy when somebody writes. Cancelled or killed, the store is as after one of its steps.
GcReport collect_garbage(const Store& store, const GcOptions& options, base::Progress& progress,
                         const base::CancelToken& cancel = {});

// The same for who holds the writer's lock already.
GcReport make_room(const StoreFolder& folder, const GcOptions& options, base::Progress& progress,
                   const base::CancelToken& cancel = {});

// All blocks and references of a realm go, for good. Throws not_found when it has none.
GcReport forget_realm(const Store& store, const std::string& realm, const GcOptions& options);

// The references of the image or snapshot of this name go, and of an image's snapshots (named like "IMAGE @NAME"),
// and what nothing refers to in their realms, down to the last block. Throws not_found when nothing is referred to
// for it.
GcReport forget_image(const Store& store, const std::string& name, const GcOptions& options, base::Progress& progress,
                      const base::CancelToken& cancel = {});

}  // namespace jaunt::chunkstore
