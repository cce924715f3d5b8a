// model::TreeView on any bytes: whatever it does not refuse can be asked everything, and what verifies is consistent.
#include <array>
#include <cstdint>
#include <cstring>
#include <vector>

#include "expect.hpp"
#include "model/tree_file.hpp"

using namespace jaunt;

namespace {

// Puts right what stops a mutated file at the door, so that the rest of the reader is reached: the header's checksum.
void mend_checksum(base::Bytes& file) {
  if (file.size() < model::tree_format::kFixedHeaderBytes)
    return;
  const auto sections = base::load_le<std::uint32_t>(base::ByteView(file).subspan(12));
  const std::size_t length = model::tree_format::header_bytes(sections % 1024);
  if (length > file.size())
    return;
  const base::Hash32 hash = base::sha256(base::ByteView(file).first(length - sizeof(base::Hash32)));
  std::memcpy(file.data() + length - hash.size(), hash.data(), hash.size());
}

void ask_everything(const model::TreeView& tree) {
  fuzz::expect_only_refusals([&] { tree.summary_with(tree.elided()); });
  fuzz::expect_only_refusals([&] { tree.each_needed_rank({}, [](std::uint32_t) {}); });
  std::array<model::BlockId, model::kFanout> ids;
  for (const auto& group : tree.groups()) {
    fuzz::expect_only_refusals([&] { tree.ids_of(group, ids); });
    fuzz::expect_only_refusals([&] { tree.id_at(model::BlockIndex(std::uint64_t{group.index} * model::kFanout)); });
    for (unsigned level = 1; level <= tree.levels(); ++level)
      tree.node({level, group.index >> (4 * (level - 1))});
  }
  for (std::uint32_t rank = 0; rank < tree.ids().size(); ++rank) {
    tree.rank_of(tree.ids()[rank]);
    fuzz::expect_only_refusals([&] { tree.first_block_of(rank); });
  }
}

void check_verified(const model::TreeView& tree) {
  std::uint64_t blocks = 0;
  tree.each_needed_rank({}, [&](std::uint32_t) { ++blocks; });
  fuzz::require(blocks == tree.summary().nonzero_blocks, "a verified tree has the blocks that it says");
  for (std::uint32_t rank = 0; rank < tree.ids().size(); ++rank)
    fuzz::require(tree.id_at(tree.first_block_of(rank)) == tree.ids()[rank],
                  "a verified tree's ids are where it says");
}

void read(const base::Bytes& file) {
  fuzz::expect_only_refusals([&] {
    const model::TreeView tree(file, "input");
    ask_everything(tree);
    tree.verify();
    check_verified(tree);
  });
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const base::ByteView input = fuzz::input(data, size);
  base::Bytes file(input.begin(), input.end());  // aligned, as a mapping is
  read(file);
  mend_checksum(file);
  read(file);
  return 0;
}
