#include "chunkstore/store_blocks.hpp"

#include "base/named_point.hpp"

namespace jaunt::chunkstore {

void note_damage(const StoreFolder& folder, Location location) {
  folder.manifest().write([&](WriteTxn& txn) {
    manifest::add_damaged(txn, location.group());
    manifest::next(txn, Counter::version);
  });
  base::named_point("store.damage-noted");
}

}  // namespace jaunt::chunkstore
