#include "engine/target_disks.hpp"

#include <algorithm>
#include <optional>
#include <utility>

#include <fmt/format.h>

#include "base/named_point.hpp"
#include "base/text.hpp"
#include "engine/disk_recipe.hpp"
#include "engine/kept_plans.hpp"
#include "engine/lease_keeper.hpp"
#include "engine/link_speed.hpp"
#include "engine/target_catalog.hpp"
#include "engine/told_progress.hpp"
#include "engine/window_slot.hpp"

namespace jaunt::engine {

namespace fs = std::filesystem;
using base::Error;
using base::ErrorKind;

namespace {

constexpr std::uint64_t kTellingBytes = 4 * base::kMiB;  // of blocks: a transfer that shows how fast the link is

// Throws Outdated where what the plan counts on is not here any more.
DiskRecipe recipe_of(const model::Plan& plan, std::size_t disk, const model::RunListView& runs, const Home& home,
                     const Holdings& holdings) {
  try {
    return {plan.disks[disk], runs, KeptPlans(home).tiles(plan.id, disk), holdings, home.cache()};
  } catch (const Error& failure) {
    if (failure.kind() != ErrorKind::busy && failure.kind() != ErrorKind::corrupt &&
        failure.kind() != ErrorKind::not_found)
      throw;
    throw Outdated{failure.what()};
  }
}

}  // namespace

chunkstore::Reference blocks_of(const std::string& job, const std::string& realm) {
  return {.realm = realm, .holder = chunkstore::Holder::job, .name = job};
}

std::optional<std::uint32_t> number_of(const model::DiskPlan& planned, Conversation& conversation) {
  const auto there = conversation.disks();
  const auto now = std::ranges::find(there, planned.target, &transport::DiskFacts::target);
  if (now == there.end() || now->carried_root != planned.carried_root || now->size != planned.size)
    return std::nullopt;
  return static_cast<std::uint32_t>(now - there.begin());
}

void TargetDisks::go_on_with(const std::vector<Record>& records) {
  for (const Record& record : records) {
    if (const auto* made = std::get_if<TemporaryMade>(&record))
      made_.push_back(made->path);
    if (const auto* stage = std::get_if<StageDone>(&record))
      proved_ = proved_ || stage->name == kProved;
  }
}

void TargetDisks::tell_media(const model::Description& description) {
  for (const model::Disk& disk : description.disks)
    if (disk.role != model::DiskRole::disk)
      media_.insert(disk.target);
}

void TargetDisks::check_places(const model::Plan& plan) {
  const TeleportOptions& options = request_.options;
  places_ = target_places(plan,
                          {.to = options.to,
                           .format = options.target_format,
                           .name = options.plan.name.value_or(""),
                           .thin = options.thin != Thin::flat,
                           .media = media_},
                          job_.id());
  for (const DiskPlace& place : places_) {
    if (!fs::is_directory(place.path.parent_path()))
      throw Error(ErrorKind::not_found, "create", place.path.string(), "there is no such folder",
                  "make it, or choose another path with --to");
    if (fs::exists(fs::symlink_status(place.path)) && !(proved_ && !fs::exists(place.hidden)))
      throw Error(ErrorKind::usage, "create", place.path.string(), "it exists already",
                  "choose another path with --to, or remove it first");
  }
}

void TargetDisks::find_thin_bases(const model::Plan& plan, const Holdings& holdings) {
  ThinBases bases(request_.options.thin, holdings, workplace_);
  thin_.clear();
  for (std::size_t i = 0; i < places_.size(); ++i) {
    try {
      const bool flat = fs::exists(places_[i].path) || media_.contains(plan.disks[i].target);
      thin_.push_back(flat ? std::nullopt : bases.base_of(plan.disks[i], places_[i].path.parent_path()));
    } catch (const Error& failure) {
      if (failure.kind() != ErrorKind::not_found && failure.kind() != ErrorKind::io &&
          failure.kind() != ErrorKind::busy)
        throw;
      throw Outdated{failure.what()};
    }
    if (thin_.back())
      places_[i].backing = thin_.back()->chain;
  }
}

// What was proved was proved with them.
void TargetDisks::check_thin_bases() const {
  for (const auto& base : thin_)
    if (base && !base->unchanged())
      throw Outdated{fmt::format("{} was written to, or is gone", base::printable(base->chain.top().path))};
}

// So that they stay as they are, as well as that can be done.
void TargetDisks::protect_thin_bases() const {
  const ThinRecords records(workplace_.home.path());
  for (const DiskPlace& place : places_) {
    const auto target = records.target(place.path);
    for (const StoodOnFile& file : target ? target->files : std::vector<StoodOnFile>{})
      if (state_of(file) == StoodOnState::writable)
        workplace_.progress.note(fmt::format(
            "{} {}, for {} stands on it", base::printable(file.path.string()),
            make_read_only(file.path) ? "was made read-only" : "cannot be made read-only; nobody may write to it",
            base::printable(place.path.string())));
  }
}

void TargetDisks::build(const model::Plan& plan, Conversation& conversation, const std::function<void()>& got_on) {
  check_places(plan);
  const Holdings holdings(workplace_.home, plan.realm);
  const LeaseKeeper lease(workplace_.home, plan);
  find_thin_bases(plan, holdings);
  hold(plan, holdings);
  const WindowSlot window(workplace_.home);
  BlockSupply supply{.conversation = conversation, .stream = sync::BlockStreamReader(window.bits())};
  if (plan.link.origin != "assumed")
    supply.link_bytes_per_second = plan.link.bytes_per_second.value;
  summary_.disks.clear();
  for (std::size_t i = 0; i < plan.disks.size(); ++i) {
    const model::DiskPlan& planned = plan.disks[i];
    const auto number = number_of(planned, conversation);
    if (!number && !proved_)  // what is proved only has to be shown, whatever its source is by now
      throw Outdated{fmt::format("{} has changed at the source since it was planned", planned.target)};
    summary_.disks.push_back({.target = planned.target,
                              .path = places_[i].path,
                              .size = planned.size,
                              .root = planned.carried_root,
                              .base = planned.base});
    if (fs::exists(places_[i].path))
      continue;
    supply.got_on = [&, before = summary_](const sync::BuildFigures& figures) {
      account(before, figures);
      got_on();
    };
    build_one(plan, i, number.value_or(0), holdings, supply);
  }
  check_thin_bases();
  if (supply.deltas.signatures.value > 0)
    summary_.deltas = supply.deltas;
  // One that a limit has held back has not shown how fast the link is, and a source that dials in may have one.
  if (summary_.bytes[model::SourceKind::wire].value >= kTellingBytes && !request_.subject.limit &&
      request_.subject.home.empty() && request_.subject.dials_in.empty())
    remember_link(request_.subject.node(), conversation, workplace_.home);
}

void TargetDisks::build_one(const model::Plan& plan, std::size_t disk, std::uint32_t number, const Holdings& holdings,
                            BlockSupply& supply) {
  const KeptRuns runs = KeptPlans(workplace_.home).runs(plan.id, disk);
  const DiskRecipe recipe = recipe_of(plan, disk, *runs, workplace_.home, holdings);
  note_begun(places_[disk]);
  ToldProgress progress(workplace_.progress, supply.conversation);
  const Workplace told{workplace_.home, workplace_.config, progress, workplace_.cancel, workplace_.caller};
  built_.push_back(build_disk(number, plan.disks[disk].target, recipe, places_[disk], supply, told));
  proved_ids_[places_[disk].path] = std::move(built_.back().proved);
  account_zeros(*runs);
  if (thin_[disk]) {
    for (const model::Layer& layer : thin_[disk]->chain.layers)
      summary_.disks.back().stands_on.emplace_back(layer.path);
    summary_.disks.back().referenced = built_.back().target->referenced();
  }
  base::named_point("target proved");
}

// What the plan takes from the store stays until the job ends.
void TargetDisks::hold(const model::Plan& plan, const Holdings& holdings) const {
  auto ids = KeptPlans(workplace_.home).store_ids(plan);
  if (ids.size() > 0)
    holdings.store().references().refer(blocks_of(job_.id(), plan.realm), ids.map());
}

void TargetDisks::note_begun(const DiskPlace& place) {
  if (std::ranges::find(made_, place.hidden.string()) == made_.end()) {
    job_.record(TemporaryMade{place.hidden.string()});
    made_.push_back(place.hidden.string());
  }
  base::named_point("target named");
}

void TargetDisks::account(const TeleportSummary& before, const sync::BuildFigures& figures) {
  for (const model::SourceKind kind : model::kSourceKinds)
    summary_.bytes[kind] = before.bytes[kind] + figures.bytes[kind];
  summary_.kept = before.kept + figures.kept;
  summary_.repaired_tiles = before.repaired_tiles + figures.tiles_repaired;
}

void TargetDisks::account_zeros(const model::RunListView& runs) {
  const auto blocks = model::blocks_by_source(runs);
  summary_.bytes[model::SourceKind::zero] += base::ByteCount(blocks[model::SourceKind::zero] * model::kBlockBytes);
}

void TargetDisks::show() {
  try {
    check_thin_bases();
  } catch (const Outdated& outdated) {
    throw Error(ErrorKind::busy, "finish", base::printable(summary_.subject), outdated.why);
  }
  if (!proved_)
    job_.record(StageDone{kProved});
  proved_ = true;
  for (std::size_t i = 0; i < thin_.size(); ++i)
    if (thin_[i])
      ThinRecords(workplace_.home.path()).keep(thin_[i]->target(places_[i].path));
  workplace_.progress.stage("making it durable", {});
  for (const BuiltDisk& built : built_)
    built.target->commit(false);
  built_.clear();
  base::named_point("targets visible");
  protect_thin_bases();
}

void TargetDisks::catalogue() const {
  for (const DiskPlace& place : places_) {
    try {
      const auto known = proved_ids_.find(place.path);
      catalogue_target(place, request_.options.plan.realm, known == proved_ids_.end() ? nullptr : known->second.get(),
                       workplace_);
    } catch (const Error& failure) {
      workplace_.progress.note(fmt::format("it was not catalogued: {}", failure.what()));
    } catch (const base::Cancelled&) {  // it is here already
      workplace_.progress.note("it was not catalogued: that was interrupted");
    }
  }
  base::named_point("targets catalogued");
}

}  // namespace jaunt::engine
