// Reading the store through: what is damaged is found, named, and mended from elsewhere where that is possible.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "base/error.hpp"
#include "base/progress.hpp"
#include "chunkstore/store.hpp"

namespace jaunt::chunkstore {

// Where lost blocks of a realm may be had.
struct RepairSource {
  const Source* blocks = nullptr;        // nothing is repaired without
  std::optional<model::RealmKey> key{};  // of the realm; with another one nothing is found
};

struct VerifyOptions {
  // How much of all packs to read, 0 to 1. A round of verifying reads each pack once; a call goes on where the last
  // one ended, for whatever reason, and the next round begins when all have been read.
  double share = 1;
  // Asked for each realm that has lost blocks, whether they were lost now or earlier.
  std::function<RepairSource(const std::string& realm)> repair_from{};
  std::chrono::milliseconds patience = std::chrono::seconds(10);  // with a writer, before repairing
};

struct LostBlock {
  std::string realm;
  model::BlockId id;
  bool referred_to = false;
  bool repaired = false;
};

struct VerifyReport {
  static constexpr std::size_t kLostMax = 100'000;

  std::uint64_t packs_read = 0;
  base::ByteCount bytes_read;
  std::uint64_t packs_left = 0;      // of this round
  std::uint64_t damaged_groups = 0;  // that were not known before
  std::uint64_t index_rebuilt = 0;   // realms whose index was damaged and was made again from the packs
  // All that damage has taken and nobody has put again, whenever it was found; repaired ones included. What a pack
  // has lost is known until garbage collection removes the pack.
  std::uint64_t blocks_lost = 0;
  std::uint64_t blocks_repaired = 0;
  std::vector<LostBlock> lost;  // the first kLostMax of them, by realm, ascending
};

// Readers and a writer go on meanwhile. Lost blocks count as absent from then on. Memory does not grow with the
// number of blocks, lost or not.
VerifyReport verify_store(const Store& store, const VerifyOptions& options, base::Progress& progress,
                          const base::CancelToken& cancel = {});

}  // namespace jaunt::chunkstore
