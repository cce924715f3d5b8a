#include "engine/plan_job.hpp"

#include <algorithm>
#include <ctime>
#include <span>

#include <fmt/format.h>

#include "base/text.hpp"
#include "engine/archive_stage.hpp"
#include "engine/arrival.hpp"
#include "engine/disk_planner.hpp"
#include "engine/holdings.hpp"
#include "engine/kept_plans.hpp"
#include "engine/link_speed.hpp"
#include "engine/package_stage.hpp"
#include "engine/plan_costs.hpp"
#include "engine/told_progress.hpp"

namespace jaunt::engine {

namespace fs = std::filesystem;
using base::Error;
using base::ErrorKind;

namespace {

// Too slow costs little on a fast link: what is here is read. Too fast costs much on a slow one: all would be sent.
constexpr base::ByteCount kAssumedRate{12'500'000};
constexpr base::ByteCount kUnlimited{~std::uint64_t{0}};
constexpr std::chrono::microseconds kAssumedRoundTrip{1000};
constexpr std::size_t kIdsAtOnce = 1 << 18;  // looked up together: 4 MiB

// Of what is sent as blocks, about so much crosses; and in kilobytes, what cannot be told before.
constexpr std::uint64_t kBlocksForOneOnTheWire = 3;

// Another home on this machine has no link.
bool is_link(const transport::Measured& measured) {
  return measured.round_trip.has_value();
}

class PlanJob {
 public:
  PlanJob(const RemoteMachine& subject, const PlanOptions& options, const Workplace& workplace)
      : subject_(subject), options_(options), workplace_(workplace), holdings_(workplace.home, options.realm) {}

  model::Plan run(Conversation& conversation, const ToldMachine& machine, const transport::Link& link) {
    const KeptPlans plans(workplace_.home);
    plans.remove_expired();
    plan_.subject = subject_.name;
    plan_.source = subject_.node();
    plan_.format = options_.format.value_or("");
    plan_.realm = options_.realm;
    plan_.created = std::time(nullptr);
    std::vector<DiskFindings> findings;
    Circumstances circumstances;
    look_at(machine);
    const auto start = std::chrono::steady_clock::now();
    ToldProgress progress(workplace_.progress, conversation);
    DiskPlanner planner(conversation, holdings_, workplace_.home.cache(), progress,
                        options_.measures_all ? Measuring::all : Measuring::sample);
    for (std::uint32_t disk = 0; disk < conversation.disks().size(); ++disk)
      findings.push_back(planner.plan(disk));
    circumstances.planning = std::chrono::steady_clock::now() - start - planner.measuring_time();
    circumstances.round_trips = conversation.round_trips() - planner.round_trips();
    circumstances.running = machine.running();
    circumstances.link = link_speed(findings, conversation, link);
    const base::ByteCount sent = link.sent().bytes;
    const base::ByteCount received = link.received().bytes;
    look_for_packages(conversation, machine, circumstances);
    if (workplace_.config.archives_use && !options_.prepared && circumstances.link.origin != "assumed")
      circumstances.archives = ArchiveStage(conversation, options_.realm, workplace_).forecast();
    plan_.difference_sent = sent;
    plan_.difference_received = received;
    circumstances.difference = plan_.difference_sent + plan_.difference_received;
    const std::vector<base::File> runs = count_costs(findings, circumstances, workplace_.home.cache(), plan_);
    plan_.blockers = blockers_here(machine.description,
                                   {.name = options_.name,
                                    .same_machine = options_.same_machine,
                                    .folder = options_.folder,
                                    .space = plan_.space},
                                   workplace_.config);
    if (options_.lease.count() > 0)
      plan_.lease_until = plan_.created + options_.lease.count();
    keep(plans, runs, findings);
    lease(plans);
    return std::move(plan_);
  }

 private:
  // What is given counts, else what the link shows; never more than a limit lets through.
  model::LinkSpeed link_speed(const std::vector<DiskFindings>& findings, Conversation& conversation,
                              const transport::Link& link) const {
    const transport::Measured measured = link.measured();
    std::optional<base::ByteCount> rate = options_.bytes_per_second;
    if (!rate && is_link(measured)) {
      base::ByteCount expected = link.received().bytes;
      for (const DiskFindings& disk : findings)
        expected += base::ByteCount(disk.wire_blocks * model::kBlockBytes / kBlocksForOneOnTheWire);
      rate = link_rate(subject_.node(), expected, conversation, workplace_.home);
    }
    const bool given = options_.bytes_per_second || options_.round_trip;
    const char* const origin = given ? "given" : rate ? "measured" : "assumed";
    return {.bytes_per_second = std::min(rate.value_or(kAssumedRate), subject_.limit.value_or(kUnlimited)),
            .round_trip = options_.round_trip.value_or(measured.round_trip.value_or(kAssumedRoundTrip)),
            .origin = origin};
  }

  // A teleport fetches them before it plans; a plan says what that would bring.
  void look_for_packages(Conversation& conversation, const ToldMachine& machine, Circumstances& circumstances) {
    if (!options_.packages || options_.prepared || circumstances.link.origin == "assumed")
      return;
    PackageStage stage(conversation, machine, options_.realm, workplace_);
    if (stage.consider(circumstances.link.bytes_per_second) && stage.forecast().installed.value > 0)
      circumstances.packages = stage.forecast();
  }

  void look_at(const ToldMachine& machine) {
    plan_.as_of = machine.as_of;
    plan_.running = machine.running();
    plan_.problems = machine.description.problems;
    if (machine.description.hardware)
      plan_.name = options_.name.value_or(machine.description.hardware->name);
  }

  void keep(const KeptPlans& plans, const std::vector<base::File>& runs, const std::vector<DiskFindings>& findings) {
    std::vector<const base::File*> run_files;
    std::vector<const base::File*> tile_files;
    for (std::size_t disk = 0; disk < findings.size(); ++disk) {
      run_files.push_back(&runs[disk]);
      tile_files.push_back(&findings[disk].tiles);
    }
    plans.keep(plan_, run_files, tile_files);
  }

  // The store keeps what the plan names from now on; what went away since it was looked at makes the plan void.
  void lease(const KeptPlans& plans) {
    auto list = plans.store_ids(plan_);
    if (list.size() == 0 || plan_.lease_until == 0)
      return;
    const std::span<const model::BlockId> ids = list.map();
    chunkstore::Reference reference = lease_of(plan_.id, options_.realm);
    reference.expires = chunkstore::Clock::from_time_t(plan_.lease_until);
    holdings_.store().references().refer(reference, ids);
    if (!has_all(ids)) {
      plans.drop(plan_.id);
      throw Error(ErrorKind::busy, "plan", base::printable(plan_.subject),
                  "the store was cleaned up while the plan was made", "try again");
    }
  }

  bool has_all(std::span<const model::BlockId> ids) const {
    for (; !ids.empty(); ids = ids.subspan(std::min(ids.size(), kIdsAtOnce))) {
      const auto here = holdings_.store().has(holdings_.realm(), ids.first(std::min(ids.size(), kIdsAtOnce)));
      if (std::ranges::find(here, false) != here.end())
        return false;
    }
    return true;
  }

  const RemoteMachine& subject_;
  const PlanOptions& options_;
  const Workplace& workplace_;
  const Holdings holdings_;
  model::Plan plan_;
};

}  // namespace

void refuse_own_home(const RemoteMachine& subject, const Workplace& workplace) {
  std::error_code absent;
  if (fs::equivalent(subject.home, workplace.home.path(), absent))
    throw Error(ErrorKind::usage, "plan", base::printable(subject.name),
                fmt::format("{} is this very node's home", subject.home.string()),
                "name the destination's home with --home");
}

model::Plan make_plan(const RemoteMachine& subject, const PlanOptions& options, const Workplace& workplace) {
  refuse_own_home(subject, workplace);
  model::Plan plan;
  with_machine(subject, options.format.value_or(""), workplace,
               [&](Conversation& conversation, const ToldMachine& machine, const transport::Link& link) {
                 plan = make_plan(subject, options, workplace, conversation, machine, link);
               });
  return plan;
}

model::Plan make_plan(const RemoteMachine& subject, const PlanOptions& options, const Workplace& workplace,
                      Conversation& conversation, const ToldMachine& machine, const transport::Link& link) {
  return PlanJob(subject, options, workplace).run(conversation, machine, link);
}

}  // namespace jaunt::engine
