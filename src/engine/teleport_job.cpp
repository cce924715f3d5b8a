#include "engine/teleport_job.hpp"

#include <algorithm>
#include <optional>
#include <utility>

#include <fmt/format.h>
#include <sys/resource.h>

#include "base/named_point.hpp"
#include "base/text.hpp"
#include "engine/arrival.hpp"
#include "engine/attempt_account.hpp"
#include "engine/job.hpp"
#include "engine/kept_plans.hpp"
#include "engine/known_packages.hpp"
#include "engine/link_speed.hpp"
#include "engine/receipt.hpp"
#include "engine/target_disks.hpp"
#include "engine/teleport_request.hpp"
#include "hypervisor/ability.hpp"

namespace jaunt::engine {

namespace fs = std::filesystem;
using base::Error;
using base::ErrorKind;
using Clock = std::chrono::steady_clock;

namespace {

// Of what is needed, so much crosses the link where little is known: what a probe may cost.
constexpr std::uint64_t kNeededForOneOnTheWire = 10;
constexpr int kPlansMax = 3;  // of a source that changes while it is teleported
constexpr std::size_t kFailureBytesMax = 4096;
constexpr std::size_t kRecordsOfHandingOver = 2;  // that it began, and what was asked for

// Adds what a conversation costs, at the latest when it ends, however it ends.
class CountedLink {
 public:
  CountedLink(const transport::Link& link, TeleportSummary& summary)
      : link_(link), summary_(summary), sent_(summary.wire_sent), received_(summary.wire_received) {}
  ~CountedLink() { count(); }
  CountedLink(const CountedLink&) = delete;
  CountedLink& operator=(const CountedLink&) = delete;

  void count() const {
    summary_.wire_sent = sent_ + link_.sent().bytes;
    summary_.wire_received = received_ + link_.received().bytes;
  }

 private:
  const transport::Link& link_;
  TeleportSummary& summary_;
  const base::ByteCount sent_;  // before it
  const base::ByteCount received_;
};

class TeleportJob {
 public:
  TeleportJob(Job job, TeleportRequest request, const Workplace& workplace)
      : job_(std::move(job)), request_(std::move(request)), workplace_(workplace), start_(Clock::now()) {
    summary_.job = job_.id();
    summary_.subject = request_.subject.name;
    summary_.source = request_.subject.node();
  }

  void go_on_with(const std::vector<Record>& records) {
    summary_.resumed = !request_.handed_over() || records.size() > kRecordsOfHandingOver;
    for (const Record& record : records) {
      if (const auto* plan = std::get_if<PlanChosen>(&record))
        chosen_ = *plan;
      if (const auto* named = std::get_if<DomainNamed>(&record))
        uuid_ = named->uuid;
    }
    disks_.go_on_with(records);
    account_.go_on_with(records);
    if (!chosen_)
      choose_given_plan();
  }

  void begin() {
    job_.record(Requested{to_json(request_)});
    base::named_point("teleport requested");
    choose_given_plan();
  }

  TeleportSummary run() {
    try {
      carry_out();
    } catch (const Error& failure) {
      account_.note_end();
      remember(failure);
      if (!stays_after(failure))
        abandon("failed");
      else
        throw Error(failure.kind(), failure.operation(), failure.subject(), failure.cause(), remedy(failure));
      throw;
    } catch (const base::Cancelled&) {
      account_.note_end();
      if (!disks_.begun() && !request_.handed_over()) {
        abandon("cancelled");
        throw;
      }
      if (!dials_in())
        workplace_.progress.note(fmt::format("what was placed stays; go on with: jaunt job resume {}", job_.id()));
      Interrupted interrupted;
      interrupted.job = job_.id();
      throw interrupted;
    }
    return std::move(summary_);
  }

 private:
  bool dials_in() const { return !request_.subject.dials_in.empty(); }

  // What nobody waits for goes on later, also where nothing of it is here yet.
  bool stays_after(const Error& failure) const {
    return disks_.begun() || (request_.waits == Waits::nobody && passes_by_itself(failure.kind()));
  }

  void remember(const Error& failure) {
    try {
      job_.record(AttemptFailed{.kind = std::string(base::to_string(failure.kind())),
                                .what = std::string(failure.what()).substr(0, kFailureBytesMax),
                                .remedy = failure.remedy().substr(0, kFailureBytesMax)});
    } catch (const Error&) {  // the disk may be full; the failure itself is what has to be told
    }
  }

  void choose_given_plan() {
    if (request_.options.plan_id)
      choose({.id = *request_.options.plan_id, .own = false});
  }

  std::string remedy(const Error& failure) const {
    const std::string resume =
        fmt::format("go on with {1}, or give it up with `jaunt job cancel {0}`", job_.id(),
                    dials_in() ? "the same push at its source" : fmt::format("`jaunt job resume {}`", job_.id()));
    if (failure.kind() == ErrorKind::no_space)
      return "make room, then " + resume;
    const bool link = failure.kind() == ErrorKind::peer && !failure.remedy().empty();
    return link ? failure.remedy() + "; then " + resume : resume;
  }

  void abandon(const char* outcome) {
    release();
    job_.finish(outcome);
  }

  void release() {
    const chunkstore::Store store(workplace_.home.path());
    store.references().release(blocks_of(job_.id(), request_.options.plan.realm));
    if (chosen_ && chosen_->own)
      drop_plan();
  }

  void drop_plan() const {
    try {
      KeptPlans(workplace_.home).drop(chosen_->id);
    } catch (const Error&) {  // it expired meanwhile
    }
  }

  void choose(PlanChosen plan) {
    job_.record(plan);
    chosen_ = std::move(plan);
    base::named_point("teleport planned");
  }

  template <typename Work>
  void stage(const char* name, const Work& work) {
    const auto start = Clock::now();
    work();
    add_stage(name, Clock::now() - start);
  }

  void add_stage(const char* name, std::chrono::duration<double> took) {
    const auto known = std::ranges::find_if(summary_.stages, [&](const auto& one) { return one.first == name; });
    if (known == summary_.stages.end())
      summary_.stages.emplace_back(name, took);
    else
      known->second += took;
  }

  void carry_out() {
    while (true) {
      try {
        converse();
        break;
      } catch (const Outdated& outdated) {
        forget_plan(outdated.why);
      }
    }
    stage("finish", [&] { disks_.show(); });
    if (wants_domain())
      stage("define", [&] { define(); });
    stage("catalog", [&] {
      disks_.catalogue();
      note_installed();
    });
    release();
    take_stock();
    base::write_text_file(job_.folder() / kReceiptName, receipt_of(summary_, workplace_.home));
    job_.finish("done");
    if (const fs::path kept = workplace_.home.finished() / job_.id() / kReceiptName; fs::exists(kept))
      summary_.receipt = kept;
  }

  void take_stock() {
    rusage used{};
    ::getrusage(RUSAGE_SELF, &used);
    summary_.peak_rss = static_cast<std::uint64_t>(used.ru_maxrss) * 1024;
    summary_.elapsed = Clock::now() - start_;
    summary_.totals = account_.totals();
  }

  // So that another one is made.
  void forget_plan(const std::string& why) {
    if (plans_++ == kPlansMax || (!chosen_->own && !disks_.begun()))
      throw Error(ErrorKind::busy, "carry out", "plan " + chosen_->id, why, "plan again");
    workplace_.progress.note(fmt::format("{}; it is planned again", why));
    if (chosen_->own)
      drop_plan();
    chosen_.reset();
    disks_.close();
  }

  // With the node that has the machine.
  void converse() {
    RemoteMachine machine = request_.subject;
    std::string format = request_.options.plan.format.value_or("");
    if (chosen_) {
      const model::Plan plan = chosen_plan();
      machine.bit_exact = std::ranges::all_of(plan.disks, [](const auto& d) { return d.root == d.carried_root; });
      format = plan.format;
    }
    const auto start = Clock::now();
    bool building = false;
    try {
      with_machine(machine, format, workplace_,
                   [&](Conversation& conversation, const ToldMachine& told, const transport::Link& link) {
                     const CountedLink counted(link, summary_);
                     add_stage("describe", Clock::now() - start);
                     if (!disks_.proved())
                       take_instant(told);
                     hardware_ = told.description.hardware;
                     firmware_ = told.firmware;
                     disks_.tell_media(told.description);
                     if (machine.media)
                       for (const model::Problem& problem : told.description.problems)
                         workplace_.progress.note(
                             fmt::format("{}: {}", base::printable(problem.subject), base::printable(problem.cause)));
                     if (wants_domain() && !uuid_)
                       refuse_blocked(told.description);
                     if (chosen_ && told.instant && !disks_.proved())
                       follow_instant(conversation);
                     if (!chosen_)
                       fetch_beforehand(conversation, told, link);
                     if (!chosen_)
                       stage("plan", [&] { make_plan(conversation, told, link); });
                     if (dials_in())
                       refuse_to_fill();
                     building = true;
                     const auto got_on = [&] {
                       counted.count();
                       account_.note();
                     };
                     stage("build", [&] { disks_.build(planned(), conversation, got_on); });
                   });
    } catch (const Error& failure) {
      // It was started, was shut off or was written to: its disks can be read as they are now.
      const bool moved = failure.kind() == ErrorKind::busy || failure.kind() == ErrorKind::hypervisor;
      if (!building || !moved)
        throw;
      throw Outdated{failure.what()};
    }
  }

  void take_instant(const ToldMachine& told) {
    summary_.instant.reset();
    if (!told.instant)
      return;
    summary_.instant = {.as_of = told.as_of, .how = *told.instant};
    workplace_.progress.note(fmt::format("it runs: its disks are of one instant, {}", told.instant->consistency));
  }

  // Every conversation about a running machine has an instant of its own; planned here, it costs no other one.
  void follow_instant(Conversation& conversation) {
    const model::Plan plan = chosen_plan();
    for (const model::DiskPlan& planned : plan.disks)
      if (!number_of(planned, conversation))
        return forget_plan(fmt::format("{} has changed at the source since it was planned", planned.target));
  }

  fs::path folder() const {
    const fs::path& to = request_.options.to;
    return fs::is_directory(to) ? to : to.parent_path();
  }

  // What can be here before the difference is worked out, and crosses the link for less or not at all: packages, which a
  // mirror has, and archives that can be packed again from what is in them.
  void fetch_beforehand(Conversation& conversation, const ToldMachine& told, const transport::Link& link) {
    const PlanOptions& options = request_.options.plan;
    std::optional<base::ByteCount> rate = options.bytes_per_second;
    if (!rate && link.measured().round_trip) {
      std::uint64_t needed = 0;
      for (const transport::DiskFacts& disk : conversation.disks())
        needed += disk.needed_blocks * model::kBlockBytes;
      rate = link_rate(request_.subject.node(), base::ByteCount(needed / kNeededForOneOnTheWire), conversation,
                       workplace_.home);
    }
    if (!rate)
      return;
    rate = std::min(*rate, request_.subject.limit.value_or(*rate));
    if (options.packages && workplace_.config.mirror_use && told.packages > 0)
      stage("packages", [&] {
        PackageStage packages(conversation, told, options.realm, workplace_);
        if (packages.consider(*rate))
          summary_.packages = packages.fetch();
        installed_ = packages.packages();
      });
    if (workplace_.config.archives_use)
      stage("archives", [&] {
        summary_.archives = ArchiveStage(conversation, options.realm, workplace_).fetch(*rate);
      });
  }

  // So that the next machine of its kind needs none of them fetched.
  void note_installed() const {
    chunkstore::Catalog catalog(workplace_.home.path());
    for (const DiskPlace& place : disks_.places())
      note_packages(catalog, place.path, installed_);
  }

  void make_plan(Conversation& conversation, const ToldMachine& told, const transport::Link& link) {
    PlanOptions options = request_.options.plan;
    options.prepared = true;
    options.folder = folder();
    options.same_machine = request_.options.machine.same_machine;
    const model::Plan plan = engine::make_plan(request_.subject, options, workplace_, conversation, told, link);
    choose({.id = plan.id, .own = true});
  }

  // Before a byte of the disks moves. An earlier attempt may have defined it.
  void refuse_blocked(const model::Description& description) const {
    const TeleportOptions& options = request_.options;
    const ArrivalPlace place{.name = options.plan.name,
                             .same_machine = options.machine.same_machine,
                             .folder = folder(),
                             .space = {}};  // which is counted as it is used
    for (const model::Blocker& blocker : blockers_here(description, place, workplace_.config))
      if (blocker.fatal)
        throw Error(ErrorKind::incompatible, "teleport", base::printable(request_.subject.name), blocker.found,
                    blocker.remedy.empty() ? "bring its disks alone with --no-define"
                                           : blocker.remedy + "; or bring its disks alone with --no-define");
  }

  // A peer's machine leaves others the room that the configuration keeps for them.
  void refuse_to_fill() const {
    const base::ByteCount space = chosen_plan().space;
    const base::ByteCount free = hypervisor::target_folder(folder()).free;
    if (!disks_.begun() && space + workplace_.config.receive_keep_free > free)
      throw Error(
          ErrorKind::no_space, "receive", base::printable(request_.subject.name),
          fmt::format("it needs {}, and {} has {} of which {} are kept", base::human_bytes(space), folder().string(),
                      base::human_bytes(free), base::human_bytes(workplace_.config.receive_keep_free)));
  }

  model::Plan chosen_plan() const {
    try {
      return KeptPlans(workplace_.home).plan(chosen_->id);
    } catch (const Error& failure) {
      if (failure.kind() != ErrorKind::not_found || !chosen_->own)
        throw;
      throw Outdated{"its plan has expired"};
    }
  }

  model::Plan planned() {
    model::Plan plan = chosen_plan();
    summary_.forecast = plan.forecast;
    summary_.plain_copy = plan.plain_copies.empty() ? std::nullopt : std::optional(plan.plain_copies.front());
    return plan;
  }

  bool wants_domain() const { return hardware_ && request_.options.machine.define; }

  void define() {
    MachineParts parts{.hardware = *hardware_,
                       .name = request_.options.plan.name.value_or(hardware_->name),
                       .uuid = uuid_.value_or(request_.options.machine.same_machine ? hardware_->uuid : new_uuid()),
                       .disks = {},
                       .firmware = firmware_,
                       .firmware_path = {}};
    const std::vector<DiskPlace>& places = disks_.places();
    for (std::size_t i = 0; i < places.size(); ++i)
      parts.disks.push_back({summary_.disks[i].target, places[i].path.string(), places[i].format});
    parts.firmware_path = places.front().path.parent_path() / (parts.name + "_VARS.fd");
    const bool repeated = uuid_.has_value();
    if (!repeated)
      job_.record(DomainNamed{parts.uuid});
    base::named_point("domain named");
    workplace_.progress.stage("defining it", {});
    summary_.domain = set_up_machine(parts, request_.options.machine, repeated, workplace_.config);
    base::named_point("domain defined");
  }

  Job job_;
  const TeleportRequest request_;
  const Workplace& workplace_;
  const Clock::time_point start_;
  std::optional<PlanChosen> chosen_;
  int plans_ = 0;                    // that were given up
  std::optional<std::string> uuid_;  // of the domain that an earlier attempt was about to define
  std::optional<model::Hardware> hardware_;
  base::Bytes firmware_;
  std::vector<model::Package> installed_;  // where that was asked for
  TeleportSummary summary_;
  AttemptAccount account_{job_, summary_};
  TargetDisks disks_{job_, request_, workplace_, summary_};
};

}  // namespace

TeleportSummary teleport(const RemoteMachine& subject, const TeleportOptions& options, const Workplace& workplace) {
  refuse_own_home(subject, workplace);
  TeleportRequest request{subject, options};
  request.options.to = fs::absolute(options.to);
  TeleportJob job(Job::begin(workplace.home, kTeleportKind, subject.name), std::move(request), workplace);
  job.begin();
  return job.run();
}

bool passes_by_itself(base::ErrorKind kind) {
  return kind == ErrorKind::peer || kind == ErrorKind::busy;
}

TeleportSummary resume_teleport(const std::string& id, const Workplace& workplace) {
  Job job = Job::resume(workplace.home, id);
  const std::vector<Record> records = job.records();
  const auto requested =
      std::ranges::find_if(records, [](const Record& r) { return std::holds_alternative<Requested>(r); });
  if (requested == records.end())
    throw Error(ErrorKind::not_found, "resume", "job " + id, "it was killed before it did anything", "begin it anew");
  TeleportRequest request = teleport_request_from_json(std::get<Requested>(*requested).request);
  if (!request.subject.dials_in.empty() && workplace.caller == nullptr)
    throw Error(ErrorKind::usage, "resume", "job " + id,
                fmt::format("{} pushes it: that node dials in", base::printable(request.subject.peer)),
                "on that node, the same `jaunt teleport --push` again");
  TeleportJob resumed(std::move(job), std::move(request), workplace);
  resumed.go_on_with(records);
  return resumed.run();
}

}  // namespace jaunt::engine
