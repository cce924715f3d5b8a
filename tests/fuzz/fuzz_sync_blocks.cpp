// Both ends of the fetching of blocks, each with a hostile other end. The input is messages, each behind two bytes of
// length: they are answers for sync::BlockAsker, and questions for sync::BlockReader.
#include <memory>

#include "conversation.hpp"
#include "disk/raw_image.hpp"
#include "support/image_world.hpp"
#include "sync/block_asker.hpp"
#include "sync/block_reader.hpp"
#include "transport/message_codec.hpp"

using namespace jaunt;

namespace {

// A disk of three tiles, some of it elided.
struct Disk {
  base::TemporaryDirectory folder{testing::quick_folder()};
  std::unique_ptr<testing::ScannedImage> image;
  model::ExtentSet elided;

  Disk() {
    testing::SeedMap blocks;
    for (std::uint64_t block = 0; block < 600; block += block % 7 == 0 ? 3 : 1)
      blocks[block] = 1 + block % 200;
    testing::write_blocks(folder.path() / "disk", 600 * model::kBlockBytes + 100, blocks);
    elided.insert({base::ByteOffset(300 * model::kBlockBytes), base::ByteCount(20 * model::kBlockBytes)});
    image = std::make_unique<testing::ScannedImage>(folder.path() / "disk", elided);
  }
};

void answer_questions(const Disk& disk, fuzz::Input input) {
  sync::BlockReader reader({"vda", &disk.image->tree->view(), disk.elided}, *disk.image->image);
  sync::BlockStreamWriter writer;
  while (!input.empty()) {
    const transport::Message message = transport::decode(input.take(input.number(2)));
    if (const auto* ask = std::get_if<transport::AskBlocks>(&message.body)) {
      const transport::Message answer{message.number, writer.write(sync::with_deltas(*ask, reader.read(ask->blocks, transport::kBlocksMax)))};
      fuzz::require(transport::decode(transport::encode(answer)) == answer, "an answer can be sent");
    } else if (const auto* begin = std::get_if<transport::AskStream>(&message.body)) {
      writer.begin(begin->bytes_per_second, codec::kWindowBitsMin, reader.read(begin->blocks, 8192));
    }
  }
}

void take_answers(fuzz::Input input) {
  sync::BlockStreamReader stream(codec::kWindowBitsMin);
  std::uint64_t tile = 0;
  std::size_t delivered = 0;
  sync::BlockAsker asker(
      0, stream,
      [&]() -> std::optional<sync::WireWant> {
        if (tile == 40)
          return std::nullopt;
        sync::BlockMask blocks;
        for (std::size_t i = 0; i <= tile % 5; ++i)
          blocks.set(i * 50);
        return sync::WireWant{tile++, blocks};
      },
      [&](const sync::TileWork& work) {
        fuzz::require(work.wire.size() == work.from_wire.count() * model::kBlockBytes, "what was asked for is delivered");
        ++delivered;
      },
      [](const sync::WireWant& want) { return base::Bytes(want.blocks.count() * model::kBlockBytes, std::byte{7}); });
  while (!input.empty()) {
    asker.ask();
    asker.receive(transport::decode(input.take(input.number(2))));
    fuzz::require(delivered <= tile, "nothing is delivered twice");
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static const Disk disk;
  const fuzz::Input input(fuzz::input(data, size));
  fuzz::expect_only_refusals([&] { answer_questions(disk, input); });
  fuzz::expect_only_refusals([&] { take_answers(input); });
  return 0;
}
