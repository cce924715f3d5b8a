// Who needs which blocks of the store: named sets of ids that garbage collection respects.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <optional>
#include <span>
#include <string>
#include <unordered_set>
#include <vector>

#include "chunkstore/database.hpp"
#include "chunkstore/store_folder.hpp"
#include "model/block.hpp"

namespace jaunt::chunkstore {

enum class Holder : std::uint8_t { image, snapshot, job, lease };

std::string_view to_string(Holder holder);
std::optional<Holder> holder_named(std::string_view word);

using Clock = std::chrono::system_clock;

// A holder's word that it needs these blocks, whether or not the store has them yet.
struct Reference {
  std::string realm = "default";
  Holder holder = Holder::lease;
  std::string name;                            // of the image, snapshot, job or plan; at most 4096 bytes
  std::optional<Clock::time_point> expires{};  // as if it had been released then; kept to the second
  std::uint64_t ids = 0;
  Clock::time_point since{};
};

// Any process and any thread, also while another one writes blocks. To rely on a block, refer to it first and look
// for it then: from when refer() returns, garbage collection drops no block it names.
class References {
 public:
  explicit References(const StoreFolder& folder) : folder_(folder) {}

  // Durable when it returns. `ids` ascend and are distinct. Replaces what the same holder of this name referred to,
  // at once. Memory does not grow with their number.
  void refer(const Reference& reference, std::span<const model::BlockId> ids) const;
  // False when there is none that has not expired.
  bool renew(const Reference& reference, Clock::time_point expires) const;
  // False when there was none.
  bool release(const Reference& reference) const;

  // Those that have not expired.
  std::vector<Reference> list(std::optional<std::string> realm = {}) const;

  // Forgets what has expired, and what was begun a day ago and never finished.
  void remove_expired() const;

 private:
  const StoreFolder& folder_;
};

// Of all holders. False when there were none.
bool remove_references(WriteTxn& txn, const std::string& realm);

// The live references of a realm. One that is made anew has a new number, also where it replaces another.
using ReferenceNumbers = std::unordered_set<std::uint64_t>;
ReferenceNumbers live_references(const ReadTxn& txn, const std::string& realm);

// The ids that live references of a realm name, ascending and each once, as of a transaction.
class ReferredIds {
 public:
  ReferredIds(const ReadTxn& txn, const std::string& realm, const ReferenceNumbers& except = {});

  std::optional<model::BlockId> next();

 private:
  struct List {
    std::uint64_t number = 0;
    std::uint64_t chunk = 0;
    std::span<const model::BlockId> ids{};
  };

  bool load(List& list) const;

  const ReadTxn& txn_;
  std::vector<List> lists_;  // a heap, the least id on top
};

}  // namespace jaunt::chunkstore
