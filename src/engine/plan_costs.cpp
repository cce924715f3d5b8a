#include "engine/plan_costs.hpp"

#include <algorithm>
#include <array>
#include <cmath>

#include "engine/wire_sample.hpp"
#include "model/run_list.hpp"

namespace jaunt::engine {

using model::SourceKind;

namespace {

// Rates at which other links are tried, in bytes per second.
constexpr std::array<std::uint64_t, 4> kOtherRates{1'250'000, 12'500'000, 125'000'000, 1'250'000'000};

std::chrono::microseconds time_of(double seconds) {
  return std::chrono::microseconds(std::llround(std::clamp(seconds, 0.0, 1e9) * 1e6));
}

double ratio(base::ByteCount part, base::ByteCount whole, double otherwise) {
  // Below that a sample says nothing.
  return whole.value < 16 * model::kBlockBytes
             ? otherwise
             : std::clamp(static_cast<double>(part.value) / static_cast<double>(whole.value), 0.001, 1.0);
}

// A sample of scattered groups does not show what a stream finds again far behind: of a web server's blocks 9 to 26 %
// of what they are without it. Noise is found nowhere.
double with_all_history(double ratio, double sampled_share) {
  constexpr double kFoundFarBehind = 0.25;
  return ratio * (1 - kFoundFarBehind * (1 - ratio) * std::clamp(1 - sampled_share, 0.0, 1.0));
}

// Of what a line carries the headers of IPv4 and TCP take 52 bytes of 1500; a link that was measured is without them.
double payload_rate(const model::LinkSpeed& link) {
  constexpr double kPayload = 1448.0 / 1500;
  return static_cast<double>(link.bytes_per_second.value) * (link.origin == "measured" ? 1 : kPayload);
}

match::Costs costs_of(const std::vector<DiskFindings>& disks, const model::LinkSpeed& link) {
  match::Costs costs;
  costs.link.rate = payload_rate(link);
  costs.link.round_trip = static_cast<double>(link.round_trip.count()) / 1e6;
  transport::Sizes sizes;
  std::uint64_t wire_blocks = 0;
  for (const DiskFindings& disk : disks)
    if (disk.sizes) {
      wire_blocks += disk.wire_blocks;
      sizes.bytes += disk.sizes->bytes;
      sizes.compressed += disk.sizes->compressed;
      sizes.disk_bytes += disk.sizes->disk_bytes;
      sizes.disk_compressed += disk.sizes->disk_compressed;
    }
  // The other levels keep their distance from the one that was tried. What does not become smaller at one does not at
  // another.
  const auto tried = std::ranges::find(costs.compression, kSizeLevel, &match::Compression::level);
  if (tried != costs.compression.end()) {
    const double usual = tried->ratio;
    const double sampled =
        with_all_history(ratio(sizes.compressed, sizes.bytes, usual),
                         static_cast<double>((sizes.bytes + sizes.repeated).value) /
                             static_cast<double>(std::max<std::uint64_t>(wire_blocks * model::kBlockBytes, 1)));
    for (match::Compression& level : costs.compression)
      level.ratio = sampled <= usual ? level.ratio * sampled / usual
                                     : std::min(1.0, 1 - (1 - level.ratio) * (1 - sampled) / (1 - usual));
  }
  costs.plain_ratio = ratio(sizes.disk_compressed, sizes.disk_bytes, costs.plain_ratio);
  return costs;
}

// Of what only the source has, the share that packages would bring.
double packaged_share(const std::vector<DiskFindings>& disks, const std::optional<PackageForecast>& packages) {
  std::uint64_t wire = 0;
  for (const DiskFindings& disk : disks)
    wire += disk.wire_blocks * model::kBlockBytes;
  if (!packages || wire == 0)
    return 0;
  // Some of every package is changed, or not there at all: manuals, translations, configuration.
  constexpr double kFoundOfPackages = 0.93;
  return std::min(1.0, kFoundOfPackages * packages->missing * static_cast<double>(packages->installed.value) /
                           static_cast<double>(wire));
}

void add_mirror(const std::vector<DiskFindings>& disks, const std::optional<PackageForecast>& packages,
                match::Costs& costs) {
  if (!packages || packages->installed.value == 0)
    return;
  std::uint64_t wire = 0;
  for (const DiskFindings& disk : disks)
    wire += disk.wire_blocks * model::kBlockBytes;
  const double found = packaged_share(disks, packages) * static_cast<double>(wire);
  costs.mirror = static_cast<double>(std::max<std::uint64_t>(packages->bytes_per_second.value, 1));
  costs.package_ratio = static_cast<double>(packages->download.value) / std::max(found, 1.0);
}

match::Task task_of(const std::vector<DiskFindings>& disks, const Circumstances& circumstances) {
  match::Task task;
  std::uint64_t nonzero = 0;
  for (const DiskFindings& disk : disks) {
    task.survey += disk.survey.with_packages(packaged_share(disks, circumstances.packages));
    nonzero += disk.nonzero_blocks;
  }
  task.nonzero = base::ByteCount(nonzero * model::kBlockBytes);
  // What runs is read anew; of what does not, the tree is known by the time that a plan is carried out.
  task.read_first = circumstances.running ? task.nonzero : base::ByteCount{};
  task.difference = circumstances.difference;
  task.round_trips = circumstances.round_trips;
  const model::LinkSpeed& link = circumstances.link;
  task.working_out = std::max(
      0.0, circumstances.planning.count() - task.round_trips * static_cast<double>(link.round_trip.count()) / 1e6 -
               static_cast<double>(task.difference.value) / static_cast<double>(link.bytes_per_second.value));
  task.running = circumstances.running;
  task.archives = circumstances.archives.bytes;
  return task;
}

std::vector<model::SourceShare> shares(const model::BySource<match::SourceForecast>& sources) {
  std::vector<model::SourceShare> result;
  for (const SourceKind kind : model::kSourceKinds)
    if (const match::SourceForecast& source = sources[kind]; source.bytes.value > 0)
      result.push_back(
          {.source = kind,
           .bytes = source.bytes,
           .wire = kind == SourceKind::wire || kind == SourceKind::delta ? source.moved : base::ByteCount{},
           .seconds = time_of(source.seconds)});
  return result;
}

model::Forecast told(const match::Forecast& forecast) {
  return {.wire = forecast.wire, .seconds = time_of(forecast.seconds), .slowest = forecast.slowest};
}
model::PlainCopy told(const match::PlainCopy& copy) {
  return {.name = copy.name, .wire = copy.wire, .seconds = time_of(copy.seconds)};
}

SourceKind source_of(const HeldRun& held, const match::Choice& choice) {
  if (held.run.origin == sync::Origin::zero)
    return SourceKind::zero;
  return choice.plain ? SourceKind::wire : choice.source_of(held.holders, held.run.blocks);
}

model::Run planned_run(const DiskFindings& disk, const HeldRun& held, const match::Choice& choice) {
  const sync::Run& run = held.run;
  model::Run planned{.source = source_of(held, choice), .blocks = run.blocks};
  if (planned.source == SourceKind::base && run.origin == sync::Origin::base) {
    planned.part = model::kInPlace;
    planned.from = run.first;
  } else if (planned.source == SourceKind::base || planned.source == SourceKind::local) {
    const auto part = std::ranges::find(disk.parts, run.spot.place.part);
    base::invariant(part != disk.parts.end(), "every layer of a run is named in its plan");
    planned.part = static_cast<std::uint32_t>(part - disk.parts.begin());
    if (disk.packages[planned.part])  // which costs what any other file here does
      planned.source = SourceKind::package;
    planned.from = model::BlockIndex(run.spot.place.block);
  }
  return planned;
}

// Each when nothing lengthens it any more.
template <typename Visit>
void each_planned_run(const DiskFindings& disk, const match::Choice& choice, const Visit& visit) {
  std::vector<model::Run> open;
  disk.runs.each([&](const HeldRun& held) {
    model::append_run(open, planned_run(disk, held, choice));
    if (open.size() > 1) {
      visit(open.front());
      open.erase(open.begin());
    }
  });
  if (!open.empty())
    visit(open.front());
}

template <typename Visit>
void each_store_id(const DiskFindings& disk, const match::Choice& choice, const Visit& visit) {
  SpilledList<model::BlockId>::Walk ids(disk.store_ids);
  disk.runs.each([&](const HeldRun& held) {
    const bool used = source_of(held, choice) == SourceKind::store;
    for (std::uint64_t i = 0; held.holders.contains(SourceKind::store) && i < held.run.blocks; ++i)
      if (const auto id = ids.next(); used)
        visit(id.value());
  });
}

// What cost as other files here do, but came from a mirror once.
void name_unpacked(base::ByteCount unpacked, std::vector<model::SourceShare>& sources) {
  const auto local = std::ranges::find(sources, SourceKind::local, &model::SourceShare::source);
  if (unpacked.value == 0 || local == sources.end())
    return;
  const base::ByteCount moved = std::min(unpacked, local->bytes);
  const auto seconds = std::chrono::microseconds(std::llround(static_cast<double>(local->seconds.count()) *
                                                              static_cast<double>(moved.value) /
                                                              static_cast<double>(local->bytes.value)));
  local->bytes -= moved;
  local->seconds -= seconds;
  if (local->bytes.value == 0)
    sources.erase(local);
  auto package = std::ranges::find(sources, SourceKind::package, &model::SourceShare::source);
  if (package == sources.end())
    package = sources.insert(std::ranges::find_if(sources, [](const auto& s) { return s.source > SourceKind::package; }),
                             {.source = SourceKind::package});
  package->bytes += moved;
  package->seconds += seconds;
}

base::File write_runs(const DiskFindings& disk, const match::Choice& choice, const std::filesystem::path& scratch,
                      model::DiskPlan& plan, base::ByteCount& unpacked) {
  model::RunListHead head{.size = disk.plan.size,
                          .carried_root = disk.plan.carried_root,
                          .layers = static_cast<std::uint32_t>(disk.parts.size())};
  each_planned_run(disk, choice, [&](const model::Run& run) {
    ++head.runs;
    head.store_ids += run.source == SourceKind::store ? run.blocks : 0;
    if (run.source == SourceKind::package)
      unpacked += base::ByteCount(run.blocks * model::kBlockBytes);
  });
  plan.runs = head.runs;
  base::File file = base::unnamed_file(scratch);
  base::ByteOffset end;
  model::RunListWriter writer(head, [&](base::ByteView bytes) {
    file.write_all(end, bytes);
    end += base::ByteCount(bytes.size());
  });
  each_planned_run(disk, choice, [&](const model::Run& run) { writer.add(run); });
  each_store_id(disk, choice, [&](const model::BlockId& id) { writer.add({&id, 1}); });
  writer.finish();
  return file;
}

void try_other_links(const match::Task& task, const match::Costs& costs, model::Plan& plan) {
  for (const std::uint64_t rate : kOtherRates) {
    if (rate == plan.link.bytes_per_second.value)
      continue;
    const model::LinkSpeed link{
        .bytes_per_second = base::ByteCount(rate), .round_trip = plan.link.round_trip, .origin = "assumed"};
    match::Costs there = costs;
    there.link.rate = payload_rate(link);
    const match::Forecast forecast = match::forecast(task, there);
    plan.elsewhere.push_back(
        {.link = link,
         .forecast = told(forecast),
         .plain_copy = forecast.plain_copies.empty() ? model::PlainCopy{} : told(forecast.plain_copies.front())});
  }
}

}  // namespace

std::vector<base::File> count_costs(const std::vector<DiskFindings>& disks, const Circumstances& circumstances,
                                    const std::filesystem::path& scratch, model::Plan& plan) {
  plan.link = circumstances.link;
  match::Costs costs = costs_of(disks, plan.link);
  add_mirror(disks, circumstances.packages, costs);
  const match::Task task = task_of(disks, circumstances);
  const match::Forecast forecast = match::forecast(task, costs);
  plan.forecast = told(forecast);
  for (const match::PlainCopy& copy : forecast.plain_copies)
    plan.plain_copies.push_back(told(copy));
  plan.plain_copy_is_faster = forecast.plain_copy_is_faster;
  plan.downtime = time_of(forecast.downtime_seconds);
  plan.space = forecast.space;
  plan.sources = shares(forecast.sources);
  plan.archives = circumstances.archives;
  plan.archives.saved = forecast.archives_saved;
  try_other_links(task, costs, plan);
  std::vector<base::File> lists;
  for (const DiskFindings& disk : disks) {
    model::DiskPlan& planned = plan.disks.emplace_back(disk.plan);
    const double packaged = packaged_share(disks, circumstances.packages);
    planned.sources = shares(match::tally(disk.survey.with_packages(packaged), forecast.choice, costs));
    base::ByteCount unpacked;
    lists.push_back(write_runs(disk, forecast.choice, scratch, planned, unpacked));
    name_unpacked(unpacked, planned.sources);
    name_unpacked(unpacked, plan.sources);
  }
  return lists;
}

}  // namespace jaunt::engine
