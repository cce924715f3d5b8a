#include "engine/machine_receiver.hpp"

#include <algorithm>

#include <fmt/format.h>

#include "base/periodic_progress.hpp"
#include "base/text.hpp"
#include "engine/job.hpp"
#include "engine/receive_request.hpp"
#include "engine/teleport_job.hpp"
#include "engine/teleport_report.hpp"
#include "engine/turned_link.hpp"
#include "transport/refusal.hpp"

namespace jaunt::engine {

using base::Error;
using base::ErrorKind;
using namespace std::chrono_literals;
namespace tp = transport;

namespace {

constexpr std::size_t kOpenJobsOfOnePeerMax = 16;

// Whether both are about the same machine and targets; what is said of the link may differ.
bool same(TeleportRequest one, TeleportRequest other) {
  one.options.plan.bytes_per_second.reset();
  other.options.plan.bytes_per_second.reset();
  return to_json(one) == to_json(other);
}

struct FoundJob {
  std::string id;
  bool resumed = false;
};

// The one that an earlier attempt has left, or a new one.
FoundJob job_for(const TeleportRequest& request, const Workplace& workplace) {
  const base::FileLock alone = base::FileLock::take(workplace.home.path() / "receiving.lock", 10s);
  std::size_t open = 0;
  for (const ListedJob& job : list_jobs(workplace.home)) {
    const auto known = job.begun.kind == kTeleportKind ? readable_request(job.request) : std::nullopt;
    if (!known || known->subject.dials_in != request.subject.dials_in)
      continue;
    ++open;
    if (!same(*known, request))
      continue;
    if (job.alive)
      throw Error(ErrorKind::busy, "receive", base::printable(request.subject.name),
                  fmt::format("job {} is at work on it already", job.id),
                  "wait for it; where its source is gone, that node notices within a minute");
    return {.id = job.id, .resumed = true};
  }
  if (open >= kOpenJobsOfOnePeerMax)
    throw Error(ErrorKind::limit, "receive", base::printable(request.subject.name),
                fmt::format("{} others from there have not come to their end", open),
                "push them again, or on that node: jaunt job cancel");
  return {.id = await_teleport(request, workplace), .resumed = false};
}

// What the source is told. A link that is lost shows when something is asked next.
void tell(AskingEnd& link, const base::ProgressReport& report) {
  try {
    link.say(tp::Status{.stage = report.stage.substr(0, tp::kNameBytesMax),
                        .done = report.done.value,
                        .total = report.total.value,
                        .note = report.note.substr(0, tp::kCauseBytesMax)});
  } catch (...) {
  }
}

// The source has heard it all when it ends the link.
void say_last(AskingEnd& link, const tp::Body& body) {
  link.say(body);
  link.close();
  while (link.receive()) {
  }
}

TeleportSummary carry_out(const TeleportRequest& request, AskingEnd& link, const Pusher& pusher,
                          const Workplace& workplace) {
  const FoundJob job = job_for(request, workplace);
  pusher.log(fmt::format("{} {} {}: job {}", pusher.who, job.resumed ? "goes on pushing" : "pushes",
                         base::printable(request.subject.name), job.id));
  link.say(tp::Receiving{.job = job.id, .resumed = job.resumed});
  base::PeriodicProgress progress([&](const base::ProgressReport& report) { tell(link, report); });
  return resume_teleport(job.id, {.home = workplace.home,
                                  .config = workplace.config,
                                  .progress = progress,
                                  .cancel = workplace.cancel,
                                  .caller = &link});
}

}  // namespace

void receive_machine(tp::Link& link, const tp::AskReceive& ask, const Pusher& pusher, const Workplace& workplace) {
  AskingEnd asking(link, [&] {
    const identity::Peer peer = pusher.peer();
    if (!peer.grants.may(identity::Verb::receive))
      throw Error(ErrorKind::auth, "go on receiving from", peer.name, "its grant was revoked");
  });
  try {
    const TeleportSummary summary =
        carry_out(received_request(ask, pusher.peer(), workplace.config), asking, pusher, workplace);
    say_last(asking, tp::Finished{to_json(summary)});
  } catch (const Error& failure) {
    try {
      say_last(asking, tp::refusal_of(failure));
    } catch (const Error&) {  // it is gone; what stood in the way is what has to be told
    }
    throw;
  }
}

}  // namespace jaunt::engine
