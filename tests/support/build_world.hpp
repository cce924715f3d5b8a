// A target built in memory, without sockets: the source answers messages, the destination places what comes.
#pragma once

#include <algorithm>
#include <functional>
#include <optional>
#include <random>
#include <vector>

#include <doctest/doctest.h>

#include "support/difference_world.hpp"
#include "support/image_world.hpp"
#include "sync/block_reader.hpp"
#include "sync/disk_builder.hpp"
#include "sync/former_blocks.hpp"
#include "transport/message_codec.hpp"

namespace jaunt::testing {

// What may happen to a frame on its way: it comes as it is, it is changed, or (by an exception) the link is lost.
using Weather = std::function<void(base::Bytes& frame)>;

class BuildWorld {
 public:
  BuildWorld(const ImageWorld& world, const std::filesystem::path& folder) : world_(world), folder_(folder) {
    write_blocks(folder / "wanted", world.size, world.wanted);
    wanted_.emplace(folder / "wanted", world.elided);
    for (std::size_t i = 0; i < world.held.size(); ++i) {
      const auto path = folder / ("held" + std::to_string(i));
      write_blocks(path, world.held_sizes[i], world.held[i]);
      held_.push_back(std::make_unique<ScannedImage>(path));
    }
    source_.emplace(held_);
    compare();
  }

  // One attempt, as one process and one connection make it. Throws what ended it.
  void build(const Weather& weather, std::uint64_t history_blocks = 0) {
    sync::BlockReader reader({"vda", &wanted_->tree->view(), world_.elided}, *wanted_->image);
    sync::BlockStreamWriter writer;
    sync::BlockStreamReader stream;
    begin_streams(reader, writer, stream, history_blocks);
    const auto target = disk::open_partial_image({.path = folder_ / ".target.partial",
                                                  .final_path = folder_ / "target",
                                                  .format = "raw",
                                                  .size = base::ByteCount(world_.size)});
    base::Progress silent;
    const sync::ProvedIds proved(folder_, base::ByteCount(world_.size));
    sync::DiskBuilder builder(recipe_, *target, proved, 2, silent, {});
    if (shuffled)
      builder.set_order(any_order(*shuffled));
    sync::FormerBlocks former(recipe_);
    sync::BlockAsker asker(
        0, stream, [&] { return builder.next_want(); },
        [&](sync::TileWork work) { builder.deliver(std::move(work)); },
        [&](const sync::WireWant& want) { return deltas ? former.read(want) : base::Bytes(); });
    std::deque<base::Bytes> questions;
    while (true) {
      for (const transport::Message& question : asker.ask()) {
        questions.push_back(transport::encode(question));
        asked += base::ByteCount(questions.back().size());
      }
      if (!questions.empty()) {
        base::Bytes frame = answer(reader, writer, questions.front());
        questions.pop_front();
        answered += base::ByteCount(frame.size());
        weather(frame);
        asker.receive(transport::decode(frame));
      } else if (!builder.wait()) {
        break;
      }
    }
    builder.clear_rest();
    figures = builder.figures();
    delta_figures = asker.deltas();
    CHECK(proved.write_tree(folder_ / "target.tree").root ==
          wanted_->tree->view().summary_with(world_.elided).carried_root);
    target->commit(false);
  }

  // What must be there in the end.
  std::string wanted_bytes() const {
    SeedMap carried;
    for (const auto& [block, seed] : world_.wanted)
      if (!world_.elided.contains(model::BlockIndex(block).offset()))
        carried[block] = seed;
    write_blocks(folder_ / "expected", world_.size, carried);
    return content(folder_ / "expected");
  }
  std::string target_bytes() const { return content(folder_ / "target"); }
  bool target_is_visible() const { return std::filesystem::exists(folder_ / "target"); }
  std::filesystem::path partial() const { return folder_ / ".target.partial"; }
  const std::vector<std::unique_ptr<ScannedImage>>& held() const { return held_; }
  const ScannedImage& wanted() const { return *wanted_; }
  const sync::Recipe& recipe() const { return recipe_; }

  static std::string content(const std::filesystem::path& file) {
    return base::read_text_file(file, base::ByteCount(base::kGiB));
  }

  std::optional<std::uint64_t> shuffled;  // a seed: tiles are wanted in any order, another one each time
  bool deltas = false;                    // former versions are told of
  bool wrong_deltas = false;              // and made of something else
  std::uint64_t deltas_spoiled = 0;
  base::ByteCount asked;
  base::ByteCount answered;
  sync::BuildFigures figures;
  sync::DeltaFigures delta_figures;

 private:
  void compare() {
    const model::TreeView* base = held_.empty() ? nullptr : &held_[0]->tree->view();
    const Difference found = testing::compare(wanted_->tree->view(), world_.elided, {base, {&*source_}});
    const auto file = base::File::open(folder_ / "tiles", O_RDWR | O_CREAT | O_TRUNC);
    sync::TileListWriter writer(file);
    for (const auto& [tile, hash] : found.tiles)
      writer.add(tile, hash);
    writer.finish();
    tiles_ = std::make_unique<sync::TileList>(folder_ / "tiles", base::ByteCount(world_.size),
                                              wanted_->tree->view().summary_with(world_.elided).carried_root);
    recipe_ = {.size = base::ByteCount(world_.size), .tiles = tiles_.get(), .runs = {}, .sources = {&*source_}};
    if (base != nullptr)
      recipe_.base = 0;
    for (const sync::Run& run : found.runs)
      runs_.push_back(recipe_run(run));
    recipe_.runs = runs_;
  }

  static sync::RecipeRun recipe_run(const sync::Run& run) {
    using model::SourceKind;
    sync::RecipeRun made{.first = run.first, .blocks = run.blocks, .kind = SourceKind::zero, .spot = run.spot};
    if (run.origin == sync::Origin::wire)
      made.kind = SourceKind::wire;
    if (run.origin == sync::Origin::local)
      made.kind = SourceKind::local;
    if (run.origin == sync::Origin::base) {
      made.kind = SourceKind::base;
      made.spot = {0, {0, run.first.value}};
    }
    return made;
  }

  std::vector<std::uint64_t> any_order(std::uint64_t& seed) const {
    std::vector<std::uint64_t> tiles;
    for (const sync::TileHash& tile : tiles_->tiles())
      if (recipe_.wire_blocks(tile.tile).any())
        tiles.push_back(tile.tile);
    std::mt19937_64 random(seed++);
    std::ranges::shuffle(tiles, random);
    return tiles;
  }

  // Blocks that the target has already, as many as are asked for.
  void begin_streams(sync::BlockReader& reader, sync::BlockStreamWriter& writer, sync::BlockStreamReader& stream,
                     std::uint64_t blocks) const {
    for (const sync::TileHash& tile : tiles_->tiles()) {
      const sync::BlockMask mask = recipe_.wire_blocks(tile.tile);
      if (mask.none() || mask.count() > blocks)
        continue;
      blocks -= mask.count();
      const base::Bytes both = reader.read({sync::tile_blocks(tile.tile, mask)}, transport::kBlocksMax);
      writer.begin(0, stream.window_bits(), both);
      stream.add_history(both);
    }
  }

  base::Bytes answer(sync::BlockReader& reader, sync::BlockStreamWriter& writer, const base::Bytes& question) {
    const transport::Message message = transport::decode(question);
    const auto& ask = std::get<transport::AskBlocks>(message.body);
    base::Bytes blocks = reader.read(ask.blocks, transport::kBlocksMax);
    sync::PieceContent content = sync::with_deltas(ask, blocks);
    if (wrong_deltas && !content.deltas.empty() && content.deltas.front() != 0) {
      blocks[0] ^= std::byte{1};  // of the first tile, which comes as a delta
      content = sync::with_deltas(ask, blocks);
      ++deltas_spoiled;
    }
    return transport::encode({message.number, writer.write(content)});
  }

  const ImageWorld world_;
  const std::filesystem::path folder_;
  std::optional<ScannedImage> wanted_;
  std::vector<std::unique_ptr<ScannedImage>> held_;
  std::optional<ImagesSource> source_;
  std::unique_ptr<sync::TileList> tiles_;
  std::vector<sync::RecipeRun> runs_;
  sync::Recipe recipe_;
};

}  // namespace jaunt::testing
