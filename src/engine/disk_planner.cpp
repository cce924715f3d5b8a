#include "engine/disk_planner.hpp"

#include <algorithm>
#include <cmath>
#include <unordered_map>
#include <utility>

#include <fmt/format.h>

#include "base/text.hpp"
#include "engine/run_holders.hpp"
#include "engine/window_slot.hpp"
#include "engine/wire_sample.hpp"
#include "match/base_choice.hpp"
#include "match/coverage.hpp"
#include "match/ranking.hpp"
#include "model/run_list.hpp"
#include "sync/tile_list.hpp"

namespace jaunt::engine {

using sync::Origin;

namespace {

constexpr std::size_t kCountedMin = 8;     // so many are counted exactly even where the samples tell them apart
constexpr std::size_t kCountedMax = 1024;  // and no more than so many where they do not
constexpr std::size_t kShown = 16;
constexpr std::size_t kIdsAtOnce = 1 << 18;  // counted together: 4 MiB
constexpr std::uint64_t kMeasuredBlocksMax = 2 * base::kGiB / model::kBlockBytes;
constexpr std::uint64_t kStretchBlocks = 64 * base::kMiB / model::kBlockBytes;
constexpr std::size_t kSampledGroups = 192;  // of what crosses the wire: at most 12 MiB

base::ByteCount bytes_of(std::uint64_t blocks) {
  return base::ByteCount(blocks * model::kBlockBytes);
}

// As many runs as a plan can keep. Only a disk of more than 256 GiB can be in more.
void check_runs(std::uint64_t runs, const std::string& target) {
  if (runs == model::kRunsMax)
    throw base::Error(base::ErrorKind::limit, "plan", base::printable(target),
                      fmt::format("what is found of it lies in more than {} pieces", model::kRunsMax),
                      "copy it without jaunt");
}

// Of what crosses the wire a part comes up again before the stream has forgotten it: known of a sample, and counted
// for all of it.
class NewIds {
 public:
  explicit NewIds(const std::optional<transport::Sizes>& sizes) {
    if (sizes && sizes->repeated.value > 0) {
      const auto repeated = static_cast<double>(sizes->repeated.value);
      share_ = 1 - repeated / (repeated + static_cast<double>(sizes->bytes.value));
    }
  }

  // Of the next run's blocks; rounded so that the sum stays right.
  std::uint64_t of(std::uint64_t blocks) {
    blocks_ += blocks;
    const auto all = static_cast<std::uint64_t>(std::llround(share_ * static_cast<double>(blocks_)));
    return all - std::exchange(counted_, all);
  }

 private:
  double share_ = 1;
  std::uint64_t blocks_ = 0;
  std::uint64_t counted_ = 0;
};

}  // namespace

DiskFindings DiskPlanner::plan(std::uint32_t disk) {
  const transport::DiskFacts& facts = conversation_.facts(disk);
  DiskFindings findings(scratch_);
  findings.nonzero_blocks = facts.nonzero_blocks;
  findings.plan.target = facts.target;
  findings.plan.size = facts.size;
  findings.plan.needed = bytes_of(facts.needed_blocks);
  findings.plan.root = facts.root;
  findings.plan.carried_root = facts.carried_root;
  const auto contenders = rank(disk, findings);
  std::optional<std::size_t> base = contenders.empty() ? std::nullopt : std::optional(contenders.front());
  compare(disk, base, findings);
  const auto best = choose(contenders, facts.realm, findings);
  if (best && best != base) {
    progress_.note(fmt::format("{} turned out to hold more than the samples told; it becomes the base",
                               holdings_.candidates()[*best].name));
    compare(disk, best, findings);
  }
  name_layers(findings);
  find_holders(findings);
  ask_sizes(disk, findings);
  survey(findings);
  return findings;
}

std::vector<std::size_t> DiskPlanner::rank(std::uint32_t disk, DiskFindings& findings) {
  findings.plan.candidates_ranked = holdings_.candidates().size();
  std::vector<std::size_t> contenders;
  if (holdings_.candidates().empty()) {
    findings.plan.base_reason = "nothing is catalogued here; `jaunt catalog add` names what may be used";
    return contenders;
  }
  progress_.stage(fmt::format("ranking {} images for {}", holdings_.candidates().size(), findings.plan.target), {});
  const match::Ranking ranking = match::rank(conversation_.samples(disk), holdings_.trees(), holdings_.candidates());
  const std::size_t counted =
      std::min(std::clamp(ranking.contenders, kCountedMin, kCountedMax), ranking.order.size());
  for (std::size_t i = 0; i < std::min(ranking.order.size(), std::max(counted, kShown)); ++i) {
    const match::Ranked& ranked = ranking.order[i];
    if (ranked.share <= 0)
      break;
    if (i < counted)
      contenders.push_back(ranked.candidate);
    const double covered = ranked.share * static_cast<double>(findings.plan.needed.value);
    findings.plan.candidates.push_back(
        {.image = holdings_.candidates()[ranked.candidate].name,
         .covered = base::ByteCount(static_cast<std::uint64_t>(std::llround(covered)))});
  }
  if (contenders.empty())
    findings.plan.base_reason = fmt::format("none of the {} images here holds any of it", ranking.order.size());
  return contenders;
}

void DiskPlanner::compare(std::uint32_t disk, std::optional<std::size_t> base, DiskFindings& findings) {
  found_.emplace(scratch_);
  base_.reset();
  sync::Local local;
  if (base) {
    const chunkstore::HeldImage& image = holdings_.layers().images()[*base];
    base_.emplace(Base{*base, holdings_.layers().compose(image), source_of_image(holdings_.layers(), image)});
    local.base = &base_->tree.view();
  }
  // In the order of SpotSource; without a base everything is asked in its place.
  local.sources = {base_ ? base_->layers.get() : &holdings_.layers(), &holdings_.layers(), &holdings_.store_source()};
  progress_.stage(fmt::format("comparing {}", findings.plan.target), findings.plan.size);
  findings.tiles = base::unnamed_file(scratch_);
  sync::TileListWriter tiles(findings.tiles);
  conversation_.compare(disk, local,
                        {.run =
                             [&](const sync::Run& run) {
                               progress_.advance(bytes_of(run.blocks));
                               check_runs(found_->size(), findings.plan.target);
                               found_->add(run);
                             },
                         .awaiting = {},
                         .tile = [&](std::uint64_t tile, const base::Hash32& hash) { tiles.add(tile, hash); }});
  tiles.finish();
}

std::optional<std::size_t> DiskPlanner::choose(const std::vector<std::size_t>& contenders, const base::Hash32& realm,
                                               DiskFindings& findings) const {
  std::vector<const model::TreeView*> layers;              // of the contenders alone
  std::unordered_map<std::uint32_t, std::uint32_t> place;  // of each part among them
  std::vector<match::Candidate> candidates;
  std::vector<match::Contender> counted;
  for (const std::size_t contender : contenders) {
    candidates.push_back(holdings_.candidates()[contender]);
    for (std::uint32_t& layer : candidates.back().layers) {
      const auto [at, is_new] = place.try_emplace(layer, static_cast<std::uint32_t>(layers.size()));
      if (is_new)
        layers.push_back(holdings_.trees()[layer]);
      layer = at->second;
    }
    counted.push_back({.name = candidates.back().name, .layers = candidates.back().layers.size()});
  }
  std::vector<model::BlockId> ids;
  const auto count = [&] {
    const match::Needs needs(std::exchange(ids, {}), realm);
    const match::Coverage coverage = match::coverage(needs, layers, candidates);
    for (std::size_t i = 0; i < counted.size(); ++i)
      counted[i].held_blocks += coverage.candidates[i];
  };
  each_found_id([&](const model::BlockId& id) {
    ids.push_back(id);
    if (ids.size() == kIdsAtOnce)
      count();
  });
  count();
  const auto choice = match::choose_base(counted);
  if (!choice) {
    if (!contenders.empty())
      findings.plan.base_reason = "none of the images here holds any of it";
    return std::nullopt;
  }
  for (std::size_t i = 0; i < std::min(counted.size(), findings.plan.candidates.size()); ++i) {
    model::PlannedCandidate& candidate = findings.plan.candidates[i];
    candidate.covered = bytes_of(counted[i].held_blocks);
    candidate.exact = true;
    candidate.chosen = i == choice->index;
  }
  findings.plan.base = counted[choice->index].name;
  findings.plan.base_reason = fmt::format(
      "{}: {}", *findings.plan.base, match::why(*choice, counted, findings.plan.needed.value / model::kBlockBytes));
  std::ranges::stable_sort(findings.plan.candidates, std::greater{},
                           [](const auto& c) { return std::pair(c.chosen, c.covered); });
  if (findings.plan.candidates.size() > kShown)
    findings.plan.candidates.resize(kShown);
  return contenders[choice->index];
}

void DiskPlanner::each_found_id(const std::function<void(const model::BlockId&)>& visit) const {
  found_->each([&](const sync::Run& run) {
    progress_.advance({});
    if (run.origin != Origin::base && !in_layers(run))
      return;
    each_id(run, holdings_, base_ ? &base_->tree.view() : nullptr, [&](std::span<const model::BlockId> ids) {
      for (const model::BlockId& id : ids)
        if (id != model::BlockId{})
          visit(id);
      return true;
    });
  });
}

void DiskPlanner::name_layers(DiskFindings& findings) const {
  const auto add = [&](std::uint32_t part, bool of_base) {
    if (std::ranges::find(findings.parts, part) != findings.parts.end())
      return;
    findings.parts.push_back(part);
    findings.packages.push_back(holdings_.layers().is_package(part));
    findings.plan.layers.push_back(holdings_.planned(part));
    findings.plan.layers.back().of_base = of_base;
  };
  if (base_)
    for (const std::uint32_t part : holdings_.candidates()[base_->candidate].layers)
      add(part, true);
  std::optional<std::uint32_t> last;
  found_->each([&](const sync::Run& run) {
    if (in_layers(run) && std::exchange(last, run.spot.place.part) != run.spot.place.part)
      add(run.spot.place.part, false);
  });
}

void DiskPlanner::find_holders(DiskFindings& findings) const {
  RunHolders holders(holdings_, base_ ? &base_->tree.view() : nullptr);
  found_->each([&](const sync::Run& run) {
    progress_.advance({});
    holders.add(run, findings);
  });
}

void DiskPlanner::survey(DiskFindings& findings) const {
  std::uint64_t in_place = 0;
  NewIds new_ids(findings.sizes);
  findings.runs.each([&](const HeldRun& held) {
    const sync::Run& run = held.run;
    if (run.origin == Origin::zero) {
      const auto end = std::min((run.first.value + run.blocks) * model::kBlockBytes, findings.plan.size.value);
      findings.survey.add_zero(base::ByteCount(end - run.first.value * model::kBlockBytes));
      return;
    }
    in_place += run.origin == Origin::base ? run.blocks : 0;
    findings.survey.add_run(run.blocks, run.origin == Origin::wire ? new_ids.of(run.blocks) : run.blocks,
                            held.holders);
  });
  for (model::PlannedCandidate& candidate : findings.plan.candidates)
    if (candidate.chosen)
      candidate.in_place = bytes_of(in_place);
}

void DiskPlanner::ask_sizes(std::uint32_t disk, DiskFindings& findings) {
  BlockSampler sampler(kSampledGroups);
  findings.runs.each([&](const HeldRun& held) {
    if (held.run.origin != Origin::wire)
      return;
    sampler.add(held.run.first, held.run.blocks);
    findings.wire_blocks += held.run.blocks;
  });
  if (findings.wire_blocks == 0)
    return;
  // As far back on the disk as the stream remembers, were what crosses the wire spread evenly over it.
  constexpr double kWindowBlocks = (std::uint64_t{1} << WindowSlot::kLongBits) / model::kBlockBytes;
  const double density =
      std::clamp(static_cast<double>(findings.nonzero_blocks) / static_cast<double>(findings.wire_blocks), 1.0, 1e9);
  const auto remembered = static_cast<std::uint64_t>(kWindowBlocks * density);
  if (measuring_ == Measuring::all)
    return measure(disk, remembered, findings);
  findings.sizes = conversation_.sizes({.disk = disk, .blocks = sampler.take(), .remembered_blocks = remembered});
}

// Of a disk that has more than is measured, stretches from all over it.
void DiskPlanner::measure(std::uint32_t disk, std::uint64_t remembered, DiskFindings& findings) {
  const auto start = std::chrono::steady_clock::now();
  const std::uint64_t every = (findings.wire_blocks + kMeasuredBlocksMax - 1) / kMeasuredBlocksMax;
  transport::Sizes all;
  progress_.stage("measuring what would cross the link", bytes_of(findings.wire_blocks / every));
  TileCollector tiles([&](const transport::BlockSet& blocks) {
    const transport::Sizes some =
        conversation_.sizes({.disk = disk, .blocks = blocks, .remembered_blocks = remembered});
    ++round_trips_;
    all.bytes += some.bytes;
    all.compressed += some.compressed;
    all.disk_bytes += some.disk_bytes;
    all.disk_compressed += some.disk_compressed;
    all.repeated += some.repeated;
    progress_.advance(some.bytes + some.repeated);
  });
  std::uint64_t told = 0;
  findings.runs.each([&](const HeldRun& held) {
    if (held.run.origin != Origin::wire)
      return;
    for (std::uint64_t at = 0; at < held.run.blocks;) {
      const std::uint64_t some = std::min(held.run.blocks - at, kStretchBlocks - told % kStretchBlocks);
      if (told / kStretchBlocks % every == 0)
        tiles.add(model::BlockIndex(held.run.first.value + at), some);
      told += some;
      at += some;
    }
  });
  tiles.finish();
  findings.sizes = all;
  measuring_time_ += std::chrono::steady_clock::now() - start;
}

}  // namespace jaunt::engine
