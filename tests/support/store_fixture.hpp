// Verbs for tests about the store: blocks by number, put, got and compared.
#pragma once

#include <algorithm>
#include <cstring>
#include <numeric>
#include <random>
#include <vector>

#include "base/file.hpp"
#include "chunkstore/store.hpp"
#include "chunkstore/store_writer.hpp"
#include "support/tree_fixture.hpp"

namespace jaunt::testing {

// The block of this number: text that compresses, or noise for every fifth.
inline base::Bytes block_of(std::uint64_t number) {
  base::Bytes block(model::kBlockBytes);
  std::mt19937_64 random(number + 1);
  for (std::size_t at = 0; at < block.size(); at += 8) {
    const std::uint64_t word = number % 5 == 0 || at % 512 == 0 ? random() : 0x20656220746f6e20;
    std::memcpy(block.data() + at, &word, sizeof word);
  }
  return block;
}

inline model::BlockId id_of(base::ByteView block, const std::optional<model::RealmKey>& key = {}) {
  return model::BlockHasher(key).id_of(block).value();
}

struct Blocks {
  std::vector<model::BlockId> ids;
  base::Bytes bytes;

  std::vector<model::BlockId> sorted_ids() const {
    auto sorted = ids;
    std::ranges::sort(sorted);
    return sorted;
  }
};

// The blocks numbered from `first` on.
inline Blocks blocks_of(std::uint64_t first, std::uint64_t count, const std::optional<model::RealmKey>& key = {}) {
  Blocks blocks;
  for (std::uint64_t number = first; number < first + count; ++number) {
    const base::Bytes block = block_of(number);
    blocks.ids.push_back(id_of(block, key));
    blocks.bytes.insert(blocks.bytes.end(), block.begin(), block.end());
  }
  return blocks;
}

// Returns how many were new.
inline std::uint64_t put(const chunkstore::Store& store, const Blocks& blocks,
                         const chunkstore::StoreRealm& realm = {}) {
  auto writer = store.write(realm, {.threads = 2});
  writer.put(blocks.ids, blocks.bytes);
  return writer.commit();
}

inline std::size_t count_here(const chunkstore::Store& store, const Blocks& blocks,
                              const chunkstore::StoreRealm& realm = {}) {
  const auto here = store.has(realm, blocks.ids);
  return static_cast<std::size_t>(std::count(here.begin(), here.end(), true));
}

// How many come back as they were put; one that comes back otherwise fails the test that looks at the result.
inline std::size_t count_got(const chunkstore::Store& store, const Blocks& blocks,
                             const chunkstore::StoreRealm& realm = {}) {
  std::size_t right = 0;
  const std::size_t got = store.get(realm, blocks.ids, [&](std::size_t index, base::ByteView block) {
    right += std::ranges::equal(block, base::ByteView(blocks.bytes).subspan(index * 4096, 4096)) ? 1 : 0;
  });
  return got == right ? got : static_cast<std::size_t>(-1);
}

// A home of its own, and a store in it.
struct StoreFixture {
  base::TemporaryDirectory home{quick_folder()};
  chunkstore::Store store{home.path()};
};

}  // namespace jaunt::testing
