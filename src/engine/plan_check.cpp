#include "engine/plan_check.hpp"

#include <algorithm>
#include <ctime>

#include <fcntl.h>
#include <fmt/format.h>

#include "base/text.hpp"
#include "disk/identity.hpp"
#include "engine/holdings.hpp"
#include "engine/kept_plans.hpp"
#include "engine/remote_machine.hpp"

namespace jaunt::engine {

using base::Error;

namespace {

constexpr std::size_t kIdsAtOnce = 1 << 18;  // looked up together: 4 MiB

// What became of a file; empty when it is as it was.
std::string change_of(const model::PlannedFile& planned) {
  try {
    const auto file = base::File::open(planned.path, O_RDONLY | O_NONBLOCK);
    const model::FileIdentity now = disk::identify(file);
    if (now == planned.identity)
      return {};
    return now.device == planned.identity.device && now.inode == planned.identity.inode ? "it was written to since"
                                                                                        : "it was replaced since";
  } catch (const Error& failure) {
    return failure.kind() == base::ErrorKind::not_found ? "it is gone" : failure.cause();
  }
}

class Checker {
 public:
  Checker(model::Plan plan, const Workplace& workplace) : workplace_(workplace) { check_.plan = std::move(plan); }

  PlanCheck run() {
    check_.lease_expired = check_.plan.lease_until <= std::time(nullptr);
    for (const model::DiskPlan& disk : check_.plan.disks)
      for (const model::PlannedLayer& layer : disk.layers)
        look_at(layer, disk.target);
    look_into_store();
    look_at_source();
    return std::move(check_);
  }

 private:
  void add(std::string subject, std::string found, bool breaks) {
    const Change change{.subject = std::move(subject), .found = std::move(found), .breaks = breaks};
    if (std::ranges::find(check_.changes, change) == check_.changes.end())
      check_.changes.push_back(change);
  }

  void look_at(const model::PlannedLayer& layer, const std::string& target) {
    for (const model::PlannedFile& file : layer.files)
      if (const std::string change = change_of(file); !change.empty())
        add(file.path,
            fmt::format("{}{}; what it no longer gives of {} would come over the link", change,
                        layer.of_base ? " (the base)" : "", target),
            layer.of_base);
  }

  void look_into_store() {
    const KeptPlans plans(workplace_.home);
    const chunkstore::Store store(workplace_.home.path());
    std::uint64_t gone = 0;
    for (std::size_t disk = 0; disk < check_.plan.disks.size(); ++disk) {
      const KeptRuns runs = plans.runs(check_.plan.id, disk);
      for (auto rest = runs->store_ids(); !rest.empty();) {
        const auto some = rest.first(std::min(rest.size(), kIdsAtOnce));
        rest = rest.subspan(some.size());
        std::vector<model::BlockId> ids(some.begin(), some.end());
        std::ranges::sort(ids);
        const std::vector<bool> here = store.has({.name = check_.plan.realm}, ids);
        gone += static_cast<std::uint64_t>(std::ranges::count(here, false));
      }
    }
    if (gone > 0)
      add("store", fmt::format("{} of its blocks are not there any more", gone), true);
  }

  void look_at_source() {
    const RemoteMachine machine = parse_remote_machine(check_.plan.subject + "@" + check_.plan.source);
    with_machine(machine, check_.plan.format, workplace_,
                 [&](Conversation& conversation, const ToldMachine&, const transport::Link&) {
                   const auto& disks = conversation.disks();
                   for (const model::DiskPlan& planned : check_.plan.disks) {
                     const auto now = std::ranges::find(disks, planned.target, &transport::DiskFacts::target);
                     if (now == disks.end())
                       add(planned.target, "the source has no such disk any more", true);
                     else if (now->carried_root != planned.carried_root || now->size != planned.size)
                       add(planned.target, "the source's disk has changed since", true);
                   }
                   for (const transport::DiskFacts& disk : disks)
                     if (std::ranges::find(check_.plan.disks, disk.target, &model::DiskPlan::target) ==
                         check_.plan.disks.end())
                       add(base::printable(disk.target), "the source has a disk that was not planned", true);
                 });
  }

  const Workplace& workplace_;
  PlanCheck check_;
};

}  // namespace

bool PlanCheck::holds() const {
  return std::ranges::none_of(changes, &Change::breaks);
}

PlanCheck check_plan(const std::string& id, const Workplace& workplace) {
  return Checker(KeptPlans(workplace.home).plan(id), workplace).run();
}

}  // namespace jaunt::engine
