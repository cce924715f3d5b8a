// Teleports that nobody carries out at this moment: begun for a daemon, or given up.
#include "engine/job.hpp"
#include "engine/kept_plans.hpp"
#include "engine/teleport_job.hpp"
#include "engine/teleport_request.hpp"

namespace jaunt::engine {

namespace fs = std::filesystem;
using base::Error;

std::string hand_over_teleport(const RemoteMachine& subject, const TeleportOptions& options, bool detached,
                               const Workplace& workplace) {
  refuse_own_home(subject, workplace);
  TeleportRequest request{subject, options, detached ? Waits::nobody : Waits::follower};
  request.options.to = fs::absolute(options.to);
  Job job = Job::begin(workplace.home, kTeleportKind, subject.name);
  store_schedule(job.folder(), {});
  job.record(Requested{to_json(request)});
  return job.id();
}

std::string await_teleport(const TeleportRequest& request, const Workplace& workplace) {
  Job job = Job::begin(workplace.home, kTeleportKind, request.subject.name);
  job.record(Requested{to_json(request)});
  return job.id();
}

void cancel_teleport(const std::string& id, const Home& home) {
  const ShownJob shown = show_job(home, id);
  cancel_job(home, id);
  const chunkstore::Store store(home.path());
  for (const chunkstore::Reference& reference : store.references().list())
    if (reference.holder == chunkstore::Holder::job && reference.name == id)
      store.references().release(reference);
  for (const Record& record : shown.records)
    if (const auto* plan = std::get_if<PlanChosen>(&record); plan != nullptr && plan->own) {
      try {
        KeptPlans(home).drop(plan->id);
      } catch (const Error&) {  // it is gone already
      }
    }
}

}  // namespace jaunt::engine
