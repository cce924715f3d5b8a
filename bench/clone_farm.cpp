#include "clone_farm.hpp"

#include <algorithm>
#include <cstring>
#include <random>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "base/error.hpp"
#include "base/file.hpp"
#include "model/tree_file.hpp"
#include "model/tree_writer.hpp"

namespace jaunt::bench {

namespace {

namespace fs = std::filesystem;
using model::BlockId;

constexpr base::ByteCount kImageBytes(8 * base::kGiB);
constexpr std::size_t kGroups = kImageBytes.value / model::kBlockBytes / model::kFanout;
constexpr std::size_t kInstallations = 60;
constexpr std::size_t kGroupsPerRun = 4;  // blocks come in runs of this many groups, as files do

class Maker {
 public:
  Maker(fs::path folder, const std::vector<fs::path>& guest_trees) : folder_(std::move(folder)) {
    for (const fs::path& path : guest_trees) {
      guests_.emplace_back(path);
      farm_.images.push_back({path.stem().string(), {static_cast<std::uint32_t>(farm_.trees.size())}});
      farm_.trees.push_back(path);
    }
    farm_.guests = guests_.size();
    large_ = guests_with_blocks(100'000);
    base::invariant(!large_.empty(), "some guest has an operating system");
  }

  // Every id that is made here is new.
  Farm make(std::size_t images, std::uint64_t distinct_ids) {
    farm_.distinct_ids = distinct_guest_ids();
    for (std::size_t i = 0; i < kInstallations; ++i)
      make_installation(i);
    const std::size_t clones = images - farm_.images.size();
    for (std::size_t i = 0; i < clones; ++i) {
      const std::uint64_t left = distinct_ids - std::min(distinct_ids, farm_.distinct_ids);
      make_clone(i, left / (clones - i), i + 1 == clones);
    }
    return std::move(farm_);
  }

 private:
  using Ids = std::vector<BlockId>;

  std::vector<std::size_t> guests_with_blocks(std::uint64_t blocks) const {
    std::vector<std::size_t> result;
    for (std::size_t i = 0; i < guests_.size(); ++i)
      if (guests_[i]->summary().nonzero_blocks >= blocks)
        result.push_back(i);
    return result;
  }

  std::uint64_t distinct_guest_ids() const {
    Ids all;
    for (const model::TreeFile& guest : guests_)
      all.insert(all.end(), guest->ids().begin(), guest->ids().end());
    std::ranges::sort(all);
    return static_cast<std::size_t>(std::unique(all.begin(), all.end()) - all.begin());
  }

  BlockId new_id() {
    ++farm_.distinct_ids;
    BlockId id;
    for (std::size_t i = 0; i < id.bytes.size(); i += 8) {
      const std::uint64_t half = random_();
      std::memcpy(id.bytes.data() + i, &half, 8);
    }
    return id;
  }

  // `count` ids as they lie behind one another in a real guest.
  void add_guest_run(Ids& into, const model::TreeView& guest, std::size_t count) {
    const auto ranks = guest.ranks();
    const std::size_t from = random_() % (ranks.size() - std::min(count, ranks.size() - 1));
    for (const std::uint32_t rank : ranks.subspan(from, std::min(count, ranks.size() - from)))
      into.push_back(guest.ids()[rank]);
  }

  // The ids in full groups, evenly spread over the image from a random group on.
  std::uint32_t write_tree(const std::string& name, const Ids& ids) {
    const fs::path path = folder_ / (name + ".tree");
    model::TreeWriter writer(path, kImageBytes, std::nullopt, {});
    model::NodeHasher hasher;
    const std::size_t runs = ids.size() / (model::kFanout * kGroupsPerRun) + 1;
    const std::size_t gap = kGroups / runs;
    base::invariant(gap >= kGroupsPerRun, "the ids fit into the image");
    const std::size_t shift = random_() % (gap - kGroupsPerRun + 1);
    for (std::size_t at = 0; at < ids.size(); at += model::kFanout) {
      const std::size_t number = at / model::kFanout;
      const std::size_t group = number / kGroupsPerRun * gap + number % kGroupsPerRun + shift;
      const auto some = std::span(ids).subspan(at, std::min<std::size_t>(model::kFanout, ids.size() - at));
      const auto mask = static_cast<std::uint16_t>((1U << some.size()) - 1);
      writer.add_group(group, mask, some, hasher.group(mask, some));
    }
    writer.commit();
    farm_.trees.push_back(path);
    return static_cast<std::uint32_t>(farm_.trees.size() - 1);
  }

  void make_installation(std::size_t number) {
    const model::TreeView& guest = guests_[large_[number % large_.size()]].view();
    const std::uint64_t blocks = guest.summary().nonzero_blocks;
    Ids ids;
    while (ids.size() < blocks) {
      if (random_() % 5 != 0)
        add_guest_run(ids, guest, 64);
      else
        for (int i = 0; i < 64; ++i)
          ids.push_back(new_id());
    }
    const std::string name = fmt::format("installation-{:02}", number);
    farm_.images.push_back({name, {write_tree(name, ids)}});
  }

  void make_clone(std::size_t number, std::uint64_t mean_new_ids, bool last) {
    const std::string name = fmt::format("clone-{:03}", number);
    const std::size_t below = random_() % (large_.size() + kInstallations);
    std::vector<std::uint32_t> stack =
        farm_.images[below < large_.size() ? large_[below] : farm_.guests + below - large_.size()].layers;
    // Sizes from a tenth to nearly twice the mean; the last one makes the sum right.
    std::uint64_t fresh = last ? mean_new_ids : mean_new_ids * (10 + random_() % 181) / 100;
    for (std::size_t layers = number % 10 == 0 ? 3 : 1; layers > 0; --layers) {
      Ids ids;
      const std::uint64_t own = fresh / layers;
      for (; fresh > 0 && ids.size() < own; --fresh)
        ids.push_back(new_id());
      for (int runs = 40; runs > 0; --runs)
        add_guest_run(ids, guests_[large_[random_() % large_.size()]].view(), 128);
      stack.insert(stack.begin(), write_tree(fmt::format("{}-{}", name, layers), ids));
    }
    farm_.images.push_back({name, std::move(stack)});
  }

  fs::path folder_;
  std::vector<model::TreeFile> guests_;
  std::vector<std::size_t> large_;
  Farm farm_;
  std::mt19937_64 random_{20'000'000};
};

}  // namespace

Farm make_farm(const fs::path& folder, const std::vector<fs::path>& guest_trees, std::size_t images,
               std::uint64_t distinct_ids) {
  Farm farm = Maker(folder, guest_trees).make(images, distinct_ids);
  nlohmann::json saved = {{"guests", farm.guests}, {"distinct_ids", farm.distinct_ids}};
  for (const fs::path& tree : farm.trees)
    saved["trees"].push_back(tree.string());
  for (const FarmImage& image : farm.images)
    saved["images"].push_back({{"name", image.name}, {"layers", image.layers}});
  base::write_text_file(folder / "farm.json", saved.dump());
  return farm;
}

Farm load_farm(const fs::path& folder) {
  const auto saved =
      nlohmann::json::parse(base::read_text_file(folder / "farm.json", base::ByteCount(64 * base::kMiB)));
  Farm farm{.trees = {},
            .images = {},
            .guests = saved.at("guests").get<std::size_t>(),
            .distinct_ids = saved.at("distinct_ids").get<std::uint64_t>()};
  for (const auto& tree : saved.at("trees"))
    farm.trees.emplace_back(tree.get<std::string>());
  for (const auto& image : saved.at("images"))
    farm.images.push_back(
        {image.at("name").get<std::string>(), image.at("layers").get<std::vector<std::uint32_t>>()});
  return farm;
}

}  // namespace jaunt::bench
