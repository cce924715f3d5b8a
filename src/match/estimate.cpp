#include "match/estimate.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <tuple>
#include <utility>

#include "match/archive_choice.hpp"
#include "model/block.hpp"

namespace jaunt::match {

namespace {

using base::ByteCount;
using model::BySource;
using model::SourceKind;
using model::SourceSet;

// Those that a choice may leave unused, cheapest first.
constexpr std::array kLocalKinds{SourceKind::base, SourceKind::local, SourceKind::store};
constexpr std::array kOptionalKinds{SourceKind::base, SourceKind::local, SourceKind::store, SourceKind::package};

// A move sends again what the guest changed meanwhile, so many times before it stops the guest.
constexpr int kRoundsBeforeStop = 4;

// That are compressed together.
constexpr std::uint64_t kStoreGroupBlocks = 64;

double bytes(std::uint64_t blocks) {
  return static_cast<double>(blocks) * static_cast<double>(model::kBlockBytes);
}

ByteCount count(double bytes) {
  return ByteCount(static_cast<std::uint64_t>(std::llround(bytes)));
}

const Compression& compression_at(const Costs& costs, int level) {
  static constexpr Compression kNone{.level = 0, .rate = kUnlimited, .ratio = 1};
  const auto found = std::ranges::find(costs.compression, level, &Compression::level);
  return found == costs.compression.end() ? kNone : *found;
}

BySource<Portion> assign(const Survey& survey, const Choice& choice) {
  BySource<Portion> result;
  for (const auto& [key, portion] : survey.portions())
    result[choice.source_of(key.holders, std::uint64_t{1} << key.run_class)] += portion;
  return result;
}

// Bytes that come out of the store's groups for some runs: a group is read as a whole.
double unpacked(const Portion& portion) {
  return bytes(std::max(portion.blocks, portion.runs * kStoreGroupBlocks));
}

// Bytes that are read, fetched or received for a kind's blocks.
double moved(SourceKind kind, const Portion& portion, const Choice& choice, const Costs& costs) {
  switch (kind) {
    case SourceKind::base:
    case SourceKind::local:
      return bytes(portion.blocks);
    case SourceKind::store:
      return unpacked(portion) * costs.store_ratio;
    case SourceKind::package:
      return bytes(portion.blocks) * costs.package_ratio;
    case SourceKind::wire:
      return bytes(portion.new_ids) * compression_at(costs, choice.compression_level).ratio;
    case SourceKind::zero:
    case SourceKind::delta:
      break;
  }
  return 0;
}

// Seconds that each stage works; they work at the same time.
struct Stages {
  double link = 0;
  double source_disk = 0;
  double source_cpu = 0;
  double stream_cpu = 0;  // at the source; all of it is one thread's
  double destination_reads = 0;
  double destination_writes = 0;
  double destination_cpu = 0;

  std::pair<double, const char*> slowest() const {
    const std::array<std::pair<double, const char*>, 7> all{{{link, "link"},
                                                             {destination_writes, "destination disk"},
                                                             {destination_reads, "destination disk"},
                                                             {source_disk, "source disk"},
                                                             {destination_cpu, "destination CPU"},
                                                             {source_cpu, "source CPU"},
                                                             {stream_cpu, "source CPU"}}};
    return *std::ranges::max_element(all, {}, [](const auto& stage) { return stage.first; });
  }
};

// What the blocks of one kind cost, beside the source's duty to hash whatever it has.
void add_stages(Stages& stages, SourceKind kind, const Portion& portion, const Choice& choice, const Task& task,
                const Costs& costs) {
  const double blocks = bytes(portion.blocks);
  const double moves = moved(kind, portion, choice, costs);
  const Machine& here = costs.destination;
  stages.destination_cpu += blocks / (here.hash * here.cores);
  if (kind != SourceKind::base || !task.thin)
    stages.destination_writes += blocks / here.disk_write;
  if (std::ranges::find(kLocalKinds, kind) != kLocalKinds.end())
    stages.destination_reads += moves / here.disk_read + static_cast<double>(portion.runs) * here.seek;
  if (kind == SourceKind::store)
    stages.destination_cpu += unpacked(portion) / (costs.decompression * here.cores);
  if (kind == SourceKind::package)
    stages.destination_reads += blocks / here.disk_read;
  if (kind == SourceKind::wire) {
    const Compression& compression = compression_at(costs, choice.compression_level);
    const double sent = bytes(portion.new_ids);
    stages.link += moves / costs.link.allowed();
    stages.source_disk += sent / costs.source.disk_read;
    stages.stream_cpu += sent / compression.rate;
    stages.source_cpu += sent / (compression.rate * costs.source.cores);
    if (compression.level != 0)
      stages.destination_cpu += sent / (costs.decompression * here.cores);
  }
}

// The source reads and hashes each needed block once for the job: what it did not have to read first it reads beside
// the rest, and what it did have to read it reads again only to send it.
void add_source_duty(Stages& stages, const Portion& wire, const Task& task, const Costs& costs) {
  const double needed = bytes(task.survey.needed_blocks());
  const double again = std::max(0.0, needed - static_cast<double>(task.read_first.value));
  const double reads = std::max(bytes(wire.new_ids), again);
  stages.source_disk = std::max(stages.source_disk, reads / costs.source.disk_read);
  stages.source_cpu += reads / (costs.source.hash * costs.source.cores);
}

double serial_seconds(const Task& task, const Costs& costs) {
  const auto first = static_cast<double>(task.read_first.value);
  return std::max(first / costs.source.disk_read, first / (costs.source.hash * costs.source.cores)) +
         task.working_out + task.round_trips * costs.link.round_trip +
         static_cast<double>(task.difference.value) / costs.link.allowed();
}

// Packages are fetched and unpacked before the difference is worked out.
double package_seconds(const Portion& packages, const Choice& choice, const Costs& costs) {
  const double fetching =
      moved(SourceKind::package, packages, choice, costs) / costs.mirror.value_or(kUnlimited);
  const double unpacking = bytes(packages.blocks) / (costs.package_unpack * costs.destination.cores);
  return std::max(fetching, unpacking);
}

BySource<SourceForecast> tally_of(const BySource<Portion>& portions, ByteCount zero, const Choice& choice,
                                  const Costs& costs) {
  BySource<SourceForecast> result;
  for (const SourceKind kind : model::kSourceKinds)
    result[kind] = {.bytes = count(bytes(portions[kind].blocks)),
                    .moved = count(moved(kind, portions[kind], choice, costs))};
  result[SourceKind::zero] = {.bytes = zero, .moved = {}};
  return result;
}

// Archives come as what is in them where that is faster, before the difference is worked out.
void take_archives_apart(Forecast& forecast, Stages& stages, const Task& task, const Costs& costs) {
  const ArchiveCosts archives{.link = costs.link.allowed()};
  const double spared = std::min(static_cast<double>(task.archives.value) * (1 - archives.crossing),
                                 static_cast<double>(forecast.sources[SourceKind::wire].moved.value));
  const double packing = 2 * static_cast<double>(task.archives.value) / archives.packing;  // there, and here
  Stages without = stages;
  without.link = std::max(0.0, stages.link - spared / costs.link.allowed());
  if (without.slowest().first + packing >= stages.slowest().first)
    return;
  stages = without;
  forecast.serial_seconds += packing;
  forecast.archives_saved = count(spared);
  forecast.sources[SourceKind::wire].moved -= forecast.archives_saved;
}

Forecast forecast_of(const Choice& choice, const BySource<Portion>& portions, const Task& task, const Costs& costs) {
  Forecast result;
  result.choice = choice;
  result.sources = tally_of(portions, task.survey.zero(), choice, costs);
  Stages all;
  for (const SourceKind kind : model::kSourceKinds) {
    Stages own;
    add_stages(own, kind, portions[kind], choice, task, costs);
    result.sources[kind].seconds = own.slowest().first;
    add_stages(all, kind, portions[kind], choice, task, costs);
  }
  add_source_duty(all, portions[SourceKind::wire], task, costs);
  const double packages = package_seconds(portions[SourceKind::package], choice, costs);
  result.sources[SourceKind::package].seconds += packages;
  result.serial_seconds = serial_seconds(task, costs) + packages;
  if (task.archives.value > 0 && !choice.plain)
    take_archives_apart(result, all, task, costs);
  const auto [seconds, stage] = all.slowest();
  result.seconds = result.serial_seconds + seconds;
  result.slowest = stage;
  result.wire = result.sources[SourceKind::wire].moved + task.difference;
  const double needed = bytes(task.survey.needed_blocks());
  const double thin = task.thin ? bytes(portions[SourceKind::base].blocks) : 0;
  result.space = count(needed - thin) + result.sources[SourceKind::package].moved + task.memory;
  return result;
}

// Less is better: time, then what burdens others, then leaving the base for the like elsewhere.
auto burden(const Forecast& forecast) {
  return std::tuple(forecast.seconds, forecast.sources[SourceKind::wire].moved,
                    forecast.sources[SourceKind::package].moved, ~forecast.sources[SourceKind::base].bytes.value,
                    forecast.choice.run_class_min, kRunClasses - forecast.choice.store_class_min,
                    forecast.choice.compression_level);
}

// Whether the store holds something that a base or another image holds as well.
bool store_competes(const Survey& survey) {
  return std::ranges::any_of(survey.portions(), [](const auto& portion) {
    const SourceSet& holders = portion.first.holders;
    return holders.contains(SourceKind::store) &&
           (holders.contains(SourceKind::base) || holders.contains(SourceKind::local));
  });
}

// Every subset of the sources that somebody offers, every length of run from which on local blocks are gathered,
// every length from which on the store is preferred to files, every level: the minimum over all of them, which more
// of any rate can only lower.
template <typename Visit>
void each_choice(const Task& task, const Costs& costs, const Visit& visit) {
  SourceSet offered;
  for (const auto& [key, portion] : task.survey.portions())
    for (const SourceKind kind : kOptionalKinds)
      if (key.holders.contains(kind) && (kind != SourceKind::package || costs.mirror))
        offered.insert(kind);
  for (unsigned subset = 0; subset < 1U << kOptionalKinds.size(); ++subset) {
    Choice choice{.used = {SourceKind::wire}};
    bool possible = true;
    for (std::size_t i = 0; i < kOptionalKinds.size(); ++i)
      if ((subset >> i & 1U) != 0) {
        possible = possible && offered.contains(kOptionalKinds[i]);
        choice.used.insert(kOptionalKinds[i]);
      }
    const bool competes = choice.used.contains(SourceKind::store) && store_competes(task.survey);
    for (choice.run_class_min = 0; possible && choice.run_class_min < kRunClasses; ++choice.run_class_min)
      for (choice.store_class_min = competes ? choice.run_class_min : kRunClasses;
           choice.store_class_min <= kRunClasses; ++choice.store_class_min) {
        const BySource<Portion> portions = assign(task.survey, choice);
        choice.compression_level = 0;
        visit(choice, portions);
        for (const Compression& compression : costs.compression) {
          choice.compression_level = compression.level;
          visit(choice, portions);
        }
      }
  }
}

std::vector<PlainCopy> plain_copies(const Task& task, const Costs& costs) {
  const auto all = static_cast<double>(task.nonzero.value);
  const double disks = std::max(all / costs.source.disk_read, all / costs.destination.disk_write);
  const double packed = all * costs.plain_ratio;
  const double pipe = std::max(all / costs.plain_rate, all / costs.decompression);
  std::vector<PlainCopy> copies{
      {.name = "raw copy",
       .wire = task.nonzero,
       .seconds = costs.link.round_trip + std::max(disks, all / costs.link.allowed())},
      {.name = "zstd -3 piped",
       .wire = count(packed),
       .seconds = costs.link.round_trip + std::max({disks, pipe, packed / costs.link.allowed()})}};
  std::ranges::stable_sort(copies, {}, &PlainCopy::seconds);
  return copies;
}

// What a plain copy is in our terms: everything crosses the wire, unhashed.
void become_plain(Forecast& forecast, const Task& task) {
  const PlainCopy& copy = forecast.plain_copies.front();
  const SourceForecast zero = forecast.sources[SourceKind::zero];
  forecast.plain_copy_is_faster = true;
  forecast.choice = {.plain = true, .used = {SourceKind::wire}};
  forecast.sources = {};
  forecast.sources[SourceKind::zero] = zero;
  forecast.sources[SourceKind::wire] = {.bytes = task.nonzero, .moved = copy.wire, .seconds = copy.seconds};
  forecast.wire = copy.wire;
  forecast.seconds = copy.seconds;
  forecast.serial_seconds = 0;
  forecast.space = task.nonzero + task.memory;
}

// What the guest changed during the transfer is sent in ever shorter rounds; the last one, and its memory, while it
// stands still.
double downtime(double transfer_seconds, const Task& task, const Costs& costs) {
  if (!task.running)
    return 0;
  double rate = costs.link.allowed();
  for (const Compression& compression : costs.compression)
    rate = std::max(rate, std::min(costs.link.allowed() / compression.ratio, compression.rate * costs.source.cores));
  rate = std::min({rate, costs.source.disk_read, costs.destination.disk_write});
  double left = task.dirty_rate * transfer_seconds;
  for (int round = 0; round < kRoundsBeforeStop && task.dirty_rate < rate; ++round)
    left *= task.dirty_rate / rate;
  return left / rate + static_cast<double>(task.memory.value) * costs.memory_ratio / costs.link.allowed() +
         task.round_trips * costs.link.round_trip;
}

}  // namespace

SourceKind Choice::source_of(SourceSet holders, std::uint64_t run_blocks) const {
  const auto usable = [&](SourceKind kind) { return holders.contains(kind) && used.contains(kind); };
  const unsigned length = run_class(run_blocks);
  if (length >= store_class_min && length >= run_class_min && usable(SourceKind::store))
    return SourceKind::store;
  for (const SourceKind kind : kLocalKinds)
    if (length >= run_class_min && usable(kind))
      return kind;
  return usable(SourceKind::package) ? SourceKind::package : SourceKind::wire;
}

Forecast forecast(const Task& task, const Costs& costs) {
  check(costs);
  std::optional<Forecast> best;
  each_choice(task, costs, [&](const Choice& choice, const BySource<Portion>& portions) {
    Forecast next = forecast_of(choice, portions, task, costs);
    if (!best || burden(next) < burden(*best))
      best = std::move(next);
  });
  best->plain_copies = plain_copies(task, costs);
  // What working out the difference took is spent by now, whatever comes.
  if (best->plain_copies.front().seconds < best->seconds - task.working_out)
    become_plain(*best, task);
  best->downtime_seconds = downtime(best->seconds, task, costs);
  return *std::move(best);
}

BySource<SourceForecast> tally(const Survey& survey, const Choice& choice, const Costs& costs) {
  return tally_of(assign(survey, choice), survey.zero(), choice, costs);
}

}  // namespace jaunt::match
