// Targets built from whatever the destination holds, whatever happens on the way, beside a plain copy.
#include <doctest/doctest.h>

#include "base/error.hpp"
#include "support/build_world.hpp"
#include "support/quick_folder.hpp"
#include "support/seed.hpp"

using namespace jaunt;
using testing::BuildWorld;
using testing::ImageWorld;

namespace {

void fine(base::Bytes&) {}

// Every second time.
void in_any_order(BuildWorld& world, std::mt19937_64& random) {
  if (random() % 2 == 0)
    world.shuffled = random();
}

struct LinkLost {};

// Loses the link after so many frames.
testing::Weather lost_after(std::uint64_t frames) {
  return [left = frames](base::Bytes&) mutable {
    if (left-- == 0)
      throw LinkLost{};
  };
}

// Here and there a block is a later version of one that may be here.
ImageWorld changed_image_world(std::mt19937_64& random) {
  ImageWorld images = testing::random_image_world(random);
  for (auto& [block, seed] : images.wanted)
    if (random() % 5 == 0)
      seed += testing::kNextVersion * (1 + random() % 4);
  return images;
}

// Something that a running guest or a person does to an image that is a source here.
void disturb(std::mt19937_64& random, const BuildWorld& world) {
  for (const auto& held : world.held()) {
    const std::uint64_t size = held->image->size().value;
    switch (random() % 4) {
      case 0:
        std::filesystem::remove(held->path);
        break;
      case 1:
        std::filesystem::resize_file(held->path, random() % (size + 1));
        break;
      case 2: {
        const auto file = base::File::open(held->path, O_WRONLY);
        for (auto writes = random() % 50; writes > 0; --writes) {
          const std::uint64_t at = random() % model::block_count(base::ByteCount(size)) * model::kBlockBytes;
          const base::Bytes bytes = testing::block_of(random() % testing::kNextVersion);
          file.write_all(base::ByteOffset(at),
                         base::ByteView(bytes).first(std::min<std::uint64_t>(bytes.size(), size - at)));
        }
        break;
      }
      default:
        break;
    }
  }
}

}  // namespace

TEST_CASE("A target is bit for bit what a plain copy of the carried bytes is, whatever is here") {
  model::BySource<std::uint64_t> seen;
  testing::for_seeds(60, [&](std::mt19937_64& random) {
    const base::TemporaryDirectory folder{testing::quick_folder()};
    BuildWorld world(testing::random_image_world(random), folder.path());
    in_any_order(world, random);
    const std::string source = BuildWorld::content(folder.path() / "wanted");
    world.build(fine, random() % 2 == 0 ? 0 : random() % 2000);
    REQUIRE(world.target_bytes() == world.wanted_bytes());
    REQUIRE(BuildWorld::content(folder.path() / "wanted") == source);
    REQUIRE(world.figures.tiles_repaired == 0);
    for (const model::SourceKind kind : model::kSourceKinds)
      seen[kind] += world.figures.bytes[kind].value;
  });
  MESSAGE("from the base " << seen[model::SourceKind::base] << ", from elsewhere " << seen[model::SourceKind::local]
                           << ", over the wire " << seen[model::SourceKind::wire]);
  CHECK(seen[model::SourceKind::base] > 0);
  CHECK(seen[model::SourceKind::local] > 0);
  CHECK(seen[model::SourceKind::wire] > 0);
}

TEST_CASE("Files that change or vanish after the comparison cost bytes on the wire, and never a wrong disk") {
  std::uint64_t repaired = 0;
  testing::for_seeds(60, [&](std::mt19937_64& random) {
    const base::TemporaryDirectory folder{testing::quick_folder()};
    BuildWorld world(testing::random_image_world(random), folder.path());
    in_any_order(world, random);
    disturb(random, world);
    world.build(fine);
    REQUIRE(world.target_bytes() == world.wanted_bytes());
    repaired += world.figures.tiles_repaired;
  });
  CHECK(repaired > 0);
}

TEST_CASE("A link lost at any frame leaves nothing visible, and the next attempt goes on with what was placed") {
  std::uint64_t lost = 0;
  std::uint64_t kept = 0;
  testing::for_seeds(60, [&](std::mt19937_64& random) {
    const base::TemporaryDirectory folder{testing::quick_folder()};
    BuildWorld world(testing::random_image_world(random, 60), folder.path());
    for (bool done = false; !done;) {
      try {
        world.build(lost_after(random() % 6), random() % 500);
        done = true;
      } catch (const LinkLost&) {
        ++lost;
        REQUIRE(!world.target_is_visible());
        if (random() % 4 == 0)  // somebody else's hand
          std::filesystem::resize_file(world.partial(), random() % 100'000);
      }
    }
    kept += world.figures.kept.value;
    REQUIRE(world.target_bytes() == world.wanted_bytes());
  });
  CHECK(lost > 20);
  CHECK(kept > 0);
}

TEST_CASE("A frame with a flipped bit is refused, or what it brought is; never a wrong disk") {
  std::uint64_t refused = 0;
  testing::for_seeds(80, [&](std::mt19937_64& random) {
    const base::TemporaryDirectory folder{testing::quick_folder()};
    BuildWorld world(testing::random_image_world(random), folder.path());
    in_any_order(world, random);
    auto until = random() % 6;
    try {
      world.build([&](base::Bytes& frame) {
        if (until-- == 0)
          frame[random() % frame.size()] ^= std::byte(1U << random() % 8);
      });
      REQUIRE(world.target_bytes() == world.wanted_bytes());
    } catch (const base::Error& error) {
      ++refused;
      CAPTURE(error.what());
      const bool foreign = error.kind() == base::ErrorKind::corrupt || error.kind() == base::ErrorKind::verify ||
                           error.kind() == base::ErrorKind::limit || error.kind() == base::ErrorKind::unsupported;
      REQUIRE(foreign);
      REQUIRE(!world.target_is_visible());
    }
  });
  CHECK(refused > 0);
}

TEST_CASE("Bytes other than the tree says are caught, or asked for again, before anything is visible") {
  std::uint64_t lies = 0;
  std::uint64_t caught = 0;
  testing::for_seeds(40, [&](std::mt19937_64& random) {
    const base::TemporaryDirectory folder{testing::quick_folder()};
    BuildWorld world(testing::random_image_world(random), folder.path());
    in_any_order(world, random);
    sync::BlockStreamWriter liar;
    auto until = random() % 3;
    bool lied = false;
    try {
      world.build([&](base::Bytes& frame) {
        const transport::Message message = transport::decode(frame);
        if (lied || until-- != 0)
          return;
        // As many bytes as the true piece has, of something else.
        base::Bytes content;
        for (std::size_t blocks = 1; blocks <= transport::kBlocksMax && content.empty(); ++blocks) {
          try {
            base::Bytes into(blocks * model::kBlockBytes);
            codec::StreamDecompressor().read(std::get<transport::Blocks>(message.body).piece, into);
            content = std::move(into);
          } catch (const base::Error&) {
          }
        }
        if (content.empty())
          return;
        lied = true;
        ++lies;
        content[random() % content.size()] ^= std::byte{1};
        frame = transport::encode({message.number, liar.write({.bytes = content})});
      });
      // A tile that is partly made of local blocks is asked for whole before the source is blamed.
      REQUIRE(world.target_bytes() == world.wanted_bytes());
    } catch (const base::Error& error) {
      ++caught;
      REQUIRE(lied);
      REQUIRE((error.kind() == base::ErrorKind::verify || error.kind() == base::ErrorKind::corrupt));
      REQUIRE(!world.target_is_visible());
    }
  });
  CHECK((caught > 0 || lies < 5));
}

TEST_CASE("Blocks that have changed a little cross as what has changed in them") {
  std::uint64_t with = 0;
  std::uint64_t without = 0;
  sync::DeltaFigures deltas;
  testing::for_seeds(60, [&](std::mt19937_64& random) {
    const base::TemporaryDirectory folder{testing::quick_folder()};
    BuildWorld world(changed_image_world(random), folder.path());
    in_any_order(world, random);
    world.build(fine);
    without += world.asked.value + world.answered.value;
    std::filesystem::remove(folder.path() / "target");
    world.asked = world.answered = {};
    world.deltas = true;
    world.build(fine, random() % 2 == 0 ? 0 : random() % 2000);
    REQUIRE(world.target_bytes() == world.wanted_bytes());
    REQUIRE(world.figures.tiles_repaired == 0);
    REQUIRE(world.figures.bytes[model::SourceKind::delta] == world.delta_figures.blocks);
    with += world.asked.value + world.answered.value;
    deltas += world.delta_figures;
  });
  MESSAGE("bytes both ways: " << with << " with deltas, " << without << " without");
  CHECK(deltas.tiles > 0);
  CHECK(deltas.deltas < deltas.blocks);
  CHECK(with < without);
}

TEST_CASE("A delta that makes something else is asked for again as blocks") {
  std::uint64_t spoiled = 0;
  testing::for_seeds(40, [&](std::mt19937_64& random) {
    const base::TemporaryDirectory folder{testing::quick_folder()};
    BuildWorld world(changed_image_world(random), folder.path());
    in_any_order(world, random);
    world.deltas = true;
    world.wrong_deltas = true;
    world.build(fine);
    REQUIRE(world.target_bytes() == world.wanted_bytes());
    REQUIRE(world.figures.tiles_repaired == world.deltas_spoiled);
    spoiled += world.deltas_spoiled;
  });
  CHECK(spoiled > 0);
}

TEST_CASE("A source whose disk is written to meanwhile says so instead of sending what it finds") {
  testing::for_seeds(10, [&](std::mt19937_64& random) {
    const base::TemporaryDirectory folder{testing::quick_folder()};
    ImageWorld images = testing::random_image_world(random);
    images.wanted[0] = 99'999;  // only the wire has it
    images.elided = {};
    BuildWorld world(images, folder.path());
    base::File::open(folder.path() / "wanted", O_WRONLY).write_all(base::ByteOffset(3), base::as_bytes("x"));
    try {
      world.build(fine);
      FAIL("it was sent");
    } catch (const base::Error& error) {
      REQUIRE(error.kind() == base::ErrorKind::busy);
      REQUIRE(!world.target_is_visible());
    }
  });
}
