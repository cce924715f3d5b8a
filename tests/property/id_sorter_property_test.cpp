#include <map>

#include "model/id_sorter.hpp"
#include "support/seed.hpp"
#include "support/tree_fixture.hpp"

using namespace jaunt;
using model::BlockId;

namespace {

// Few distinct ids, so that runs share them, and some that differ only in their last byte.
BlockId random_id(std::mt19937_64& random) {
  BlockId id;
  id.bytes[0] = std::byte(random() % 3);
  id.bytes[9] = std::byte(random() % 3);
  id.bytes[15] = std::byte(random() % 16);
  return id;
}

}  // namespace

TEST_CASE("Ids come out sorted and distinct, and every ordinal finds its own, whatever the length of a run") {
  const base::TemporaryDirectory folder{testing::quick_folder()};
  testing::for_seeds(300, [&](std::mt19937_64& random) {
    std::vector<BlockId> input(random() % 400);
    std::map<BlockId, std::uint32_t> first;
    for (std::uint32_t i = 0; i < input.size(); ++i)
      first.emplace(input[i] = random_id(random), i);

    model::IdSorter sorter(folder.path(), 1 + random() % 500);
    for (std::size_t at = 0; at < input.size();) {
      const std::size_t count = std::min<std::size_t>(input.size() - at, random() % 40);
      sorter.add(std::span(input).subspan(at, count));
      at += count;
    }
    REQUIRE(sorter.count() == input.size());

    std::vector<BlockId> ids;
    std::vector<std::uint32_t> ordinals;
    std::vector<std::uint32_t> ranks;
    sorter.sort([&](auto more) { ids.insert(ids.end(), more.begin(), more.end()); },
                [&](auto more) { ordinals.insert(ordinals.end(), more.begin(), more.end()); });
    sorter.write_ranks([&](auto more) { ranks.insert(ranks.end(), more.begin(), more.end()); });

    REQUIRE(ids.size() == first.size());
    REQUIRE(ordinals.size() == first.size());
    std::size_t rank = 0;
    for (const auto& [id, ordinal] : first) {
      REQUIRE(ids[rank] == id);
      REQUIRE(ordinals[rank] == ordinal);
      ++rank;
    }
    REQUIRE(ranks.size() == input.size());
    for (std::size_t i = 0; i < input.size(); ++i)
      REQUIRE(ids[ranks[i]] == input[i]);
  });
}
