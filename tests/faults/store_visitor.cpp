// store_visitor HOME SEED END: as long as there is no file END, refers to blocks, looks which of them are there, and
// reads these again and again: they must come back, as they were, whatever other processes do to the store meanwhile.
// Prints how many blocks it was promised.
#include <cstdio>
#include <filesystem>
#include <random>
#include <string>

#include "store_story.hpp"
#include "support/store_fixture.hpp"

using namespace jaunt;
using namespace jaunt::testing;

namespace {

// Those of the blocks that are here.
Blocks found(const chunkstore::Store& store, const Blocks& asked) {
  const auto here = store.has({}, asked.ids);
  Blocks blocks;
  for (std::size_t i = 0; i < here.size(); ++i)
    if (here[i]) {
      blocks.ids.push_back(asked.ids[i]);
      const auto bytes = base::ByteView(asked.bytes).subspan(i * model::kBlockBytes, model::kBlockBytes);
      blocks.bytes.insert(blocks.bytes.end(), bytes.begin(), bytes.end());
    }
  return blocks;
}

std::size_t visit(const chunkstore::Store& store, const std::string& name, std::mt19937_64& random) {
  const std::uint64_t count = 1 + random() % 300;
  const Blocks asked = blocks_of(random() % (kStoryBlocks - count), count);
  const chunkstore::Reference lease{.name = name};
  store.references().refer(lease, asked.sorted_ids());
  const Blocks promised = found(store, asked);
  for (int i = 0; i < 3; ++i)
    if (count_got(store, promised) != promised.ids.size())
      throw base::Error(base::ErrorKind::verify, "visit", name, "a promised block is lost or wrong");
  store.references().release(lease);
  return promised.ids.size();
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 4)
    return 2;
  try {
    std::mt19937_64 random(std::stoull(argv[2]));
    const chunkstore::Store store(argv[1]);
    std::size_t promised = 0;
    while (!std::filesystem::exists(argv[3]))
      promised += visit(store, std::string("visitor ") + argv[2], random);
    std::printf("%zu\n", promised);
    return 0;
  } catch (const base::Error& error) {
    std::fprintf(stderr, "%s\n", error.what());
    return 1;
  }
}
