#include <algorithm>

#include "model/tree_compose.hpp"
#include "support/seed.hpp"
#include "support/tree_fixture.hpp"

using namespace jaunt;
using base::ByteCount;
using base::ByteOffset;

namespace {

// A layer as its file holds it: zeros where another one answers.
struct RandomLayer {
  base::Bytes bytes;
  model::ExtentSet held;
};

// Cut at multiples of `unit`, as formats with clusters of so many bytes are.
model::ExtentSet random_held(std::mt19937_64& random, std::size_t size, std::size_t unit) {
  model::ExtentSet held;
  for (std::size_t at = 0; at < size;) {
    const std::size_t length = std::min((1 + random() % 40) * unit, size - at);
    if (random() % 2 == 0)
      held.insert({ByteOffset(at), ByteCount(length)});
    at += length;
  }
  return held;
}

RandomLayer random_layer(std::mt19937_64& random, std::size_t size, std::size_t unit, bool bottom) {
  RandomLayer layer{.bytes = testing::random_image(random, 300), .held = {}};
  layer.bytes.resize(size, std::byte(random() % 2 * 7));
  if (bottom && size > 0)
    layer.held.insert({ByteOffset(0), ByteCount(size)});
  else
    layer.held = random_held(random, size, unit);
  for (std::size_t i = 0; i < size; ++i)
    if (!layer.held.contains(ByteOffset(i)))
      layer.bytes[i] = std::byte{0};
  return layer;
}

// Byte by byte, as QEMU would read it.
base::Bytes naive_image(const std::vector<RandomLayer>& layers) {
  base::Bytes image(layers.front().bytes.size());
  for (std::size_t i = 0; i < image.size(); ++i)
    for (const RandomLayer& layer : layers) {
      if (i >= layer.bytes.size())
        break;  // beyond its end a layer reads as zeros
      if (layer.held.contains(ByteOffset(i))) {
        image[i] = layer.bytes[i];
        break;
      }
    }
  return image;
}

}  // namespace

TEST_CASE("A tree put together from layers is byte for byte what reading the image gives") {
  const base::TemporaryDirectory folder(testing::quick_folder());
  std::uint64_t mixed_blocks = 0;
  std::uint64_t blocks = 0;
  testing::for_seeds(80, [&](std::mt19937_64& random) {
    const std::size_t unit = std::array<std::size_t, 4>{512, 2048, 4096, 65536}[random() % 4];
    const bool same_size = random() % 2 == 0;
    std::size_t size = random() % (300 * 4096);
    std::vector<RandomLayer> layers;
    for (std::size_t left = 1 + random() % 5; left-- > 0;) {
      layers.push_back(random_layer(random, size, unit, left == 0));
      if (!same_size)
        size = random() % 2 == 0 ? size / 2 + random() % 5000 : size + random() % 100000;
    }
    const base::Bytes image = naive_image(layers);
    testing::write_sparse(folder.path() / "image", image);
    const auto elided = testing::random_extents(random, image.size());
    const auto scanned =
        testing::scan_file(folder.path() / "image", {.tree_path = folder.path() / "read", .elided = elided});

    std::vector<model::TreeFile> trees;
    trees.reserve(layers.size());
    std::vector<model::StackedLayer> stack;
    for (std::size_t i = 0; i < layers.size(); ++i) {
      const auto path = folder.path() / std::to_string(i);
      testing::write_sparse(path, layers[i].bytes);
      testing::scan_file(path, {.tree_path = folder.path() / (std::to_string(i) + ".tree")});
      trees.emplace_back(folder.path() / (std::to_string(i) + ".tree"));
      stack.push_back({.tree = &trees.back().view(), .held = layers[i].held});
    }
    std::uint64_t asked = 0;
    const auto composed = model::compose_tree(
        folder.path() / "composed", stack, {}, elided, [&](model::BlockIndex block) -> std::optional<model::BlockId> {
          ++asked;
          const auto at = static_cast<std::size_t>(block.offset().value);
          return model::BlockHasher().id_of(
              base::ByteView(image).subspan(at, std::min<std::size_t>(4096, image.size() - at)));
        });
    REQUIRE(composed == scanned.tree);
    REQUIRE(std::ranges::equal(base::MappedFile(folder.path() / "composed").bytes(),
                               base::MappedFile(folder.path() / "read").bytes()));
    if (unit % 4096 == 0 && same_size)
      REQUIRE(asked == 0);  // nothing is read where layers are cut at blocks
    mixed_blocks += asked;
    blocks += composed.nonzero_blocks;
  });
  CHECK(mixed_blocks > 0);
  CHECK(mixed_blocks < blocks);
}
