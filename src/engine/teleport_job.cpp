#include "engine/teleport_job.hpp"

#include <algorithm>
#include <optional>
#include <thread>
#include <utility>

#include <fmt/format.h>
#include <sys/resource.h>

#include "base/named_point.hpp"
#include "base/text.hpp"
#include "engine/arrival.hpp"
#include "engine/holdings.hpp"
#include "engine/job.hpp"
#include "engine/kept_plans.hpp"
#include "engine/lease_keeper.hpp"
#include "engine/receipt.hpp"
#include "engine/target_catalog.hpp"
#include "engine/target_places.hpp"
#include "engine/teleport_disk.hpp"
#include "engine/teleport_request.hpp"
#include "engine/window_slot.hpp"

namespace jaunt::engine {

namespace fs = std::filesystem;
using base::Error;
using base::ErrorKind;
using Clock = std::chrono::steady_clock;

namespace {

constexpr int kPlansMax = 3;  // of a source that changes while it is teleported
constexpr const char* kProved = "proved";
constexpr std::size_t kFailureBytesMax = 4096;
constexpr std::size_t kRecordsOfHandingOver = 2;  // that it began, and what was asked for

// The plan does not hold any more: another one may.
struct Outdated {
  std::string why;
};

// Adds what a conversation cost when it ends, however it ends.
class CountedLink {
 public:
  CountedLink(const transport::Link& link, TeleportSummary& summary) : link_(link), summary_(summary) {}
  ~CountedLink() {
    summary_.wire_sent += link_.sent().bytes;
    summary_.wire_received += link_.received().bytes;
  }
  CountedLink(const CountedLink&) = delete;
  CountedLink& operator=(const CountedLink&) = delete;

 private:
  const transport::Link& link_;
  TeleportSummary& summary_;
};

chunkstore::Reference blocks_of(const std::string& job, const std::string& realm) {
  return {.realm = realm, .holder = chunkstore::Holder::job, .name = job};
}

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
      if (const auto* made = std::get_if<TemporaryMade>(&record))
        made_.push_back(made->path);
      if (const auto* named = std::get_if<DomainNamed>(&record))
        uuid_ = named->uuid;
      if (const auto* stage = std::get_if<StageDone>(&record))
        proved_ = proved_ || stage->name == kProved;
    }
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
      remember(failure);
      if (!stays_after(failure))
        abandon("failed");
      else
        throw Error(failure.kind(), failure.operation(), failure.subject(), failure.cause(), remedy(failure));
      throw;
    } catch (const base::Cancelled&) {
      if (!left_something() && !request_.handed_over()) {
        abandon("cancelled");
        throw;
      }
      workplace_.progress.note(fmt::format("what was placed stays; go on with: jaunt job resume {}", job_.id()));
      Interrupted interrupted;
      interrupted.job = job_.id();
      throw interrupted;
    }
    return std::move(summary_);
  }

 private:
  bool left_something() const { return !made_.empty(); }

  // What nobody waits for goes on later, also where nothing of it is here yet.
  bool stays_after(const Error& failure) const {
    return left_something() || (request_.waits == Waits::nobody && passes_by_itself(failure.kind()));
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
        fmt::format("go on with `jaunt job resume {0}`, or give it up with `jaunt job cancel {0}`", job_.id());
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
    stage("finish", [&] { show(); });
    if (wants_domain())
      stage("define", [&] { define(); });
    stage("catalog", [&] { catalogue(); });
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
  }

  // So that another one is made.
  void forget_plan(const std::string& why) {
    if (plans_++ == kPlansMax || (!chosen_->own && !left_something()))
      throw Error(ErrorKind::busy, "carry out", "plan " + chosen_->id, why, "plan again");
    workplace_.progress.note(fmt::format("{}; it is planned again", why));
    if (chosen_->own)
      drop_plan();
    chosen_.reset();
    built_.clear();
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
                     if (!proved_)
                       take_instant(told);
                     hardware_ = told.description.hardware;
                     firmware_ = told.firmware;
                     if (wants_domain() && !uuid_)
                       refuse_blocked(told.description);
                     if (chosen_ && told.instant && !proved_)
                       follow_instant(conversation);
                     if (!chosen_)
                       stage("plan", [&] { make_plan(conversation, told, link); });
                     building = true;
                     stage("build", [&] { build(conversation); });
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

  // Of a disk that is as it was planned.
  static std::optional<std::uint32_t> number_of(const model::DiskPlan& planned, Conversation& conversation) {
    const auto& there = conversation.disks();
    const auto now = std::ranges::find(there, planned.target, &transport::DiskFacts::target);
    if (now == there.end() || now->carried_root != planned.carried_root || now->size != planned.size)
      return std::nullopt;
    return static_cast<std::uint32_t>(now - there.begin());
  }

  fs::path folder() const {
    const fs::path& to = request_.options.to;
    return fs::is_directory(to) ? to : to.parent_path();
  }

  void make_plan(Conversation& conversation, const ToldMachine& told, const transport::Link& link) {
    PlanOptions options = request_.options.plan;
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

  model::Plan chosen_plan() const {
    try {
      return KeptPlans(workplace_.home).plan(chosen_->id);
    } catch (const Error& failure) {
      if (failure.kind() != ErrorKind::not_found || !chosen_->own)
        throw;
      throw Outdated{"its plan has expired"};
    }
  }

  void build(Conversation& conversation) {
    const model::Plan plan = chosen_plan();
    summary_.plain_copy = plan.plain_copies.empty() ? std::nullopt : std::optional(plan.plain_copies.front());
    check_places(plan);
    build_disks(plan, conversation);
  }

  void check_places(const model::Plan& plan) {
    const TeleportOptions& options = request_.options;
    places_ = target_places(plan, {options.to, options.target_format, options.plan.name.value_or("")}, job_.id());
    for (const DiskPlace& place : places_) {
      if (!fs::is_directory(place.path.parent_path()))
        throw Error(ErrorKind::not_found, "create", place.path.string(), "there is no such folder",
                    "make it, or choose another path with --to");
      if (fs::exists(fs::symlink_status(place.path)) && !(proved_ && !fs::exists(place.hidden)))
        throw Error(ErrorKind::usage, "create", place.path.string(), "it exists already",
                    "choose another path with --to, or remove it first");
    }
  }

  void build_disks(const model::Plan& plan, Conversation& conversation) {
    const Holdings holdings(workplace_.home, plan.realm);
    const LeaseKeeper lease(workplace_.home, plan);
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
      if (!fs::exists(places_[i].path))
        build_one(plan, i, number.value_or(0), holdings, supply);
    }
  }

  void build_one(const model::Plan& plan, std::size_t disk, std::uint32_t number, const Holdings& holdings,
                 BlockSupply& supply) {
    const KeptPlans plans(workplace_.home);
    const KeptRuns runs = plans.runs(plan.id, disk);
    std::optional<DiskRecipe> recipe;
    try {
      recipe.emplace(plan.disks[disk], *runs, plans.tiles(plan.id, disk), holdings, workplace_.home.cache());
    } catch (const Error& failure) {
      if (failure.kind() != ErrorKind::busy && failure.kind() != ErrorKind::corrupt &&
          failure.kind() != ErrorKind::not_found)
        throw;
      throw Outdated{failure.what()};
    }
    const DiskPlace& place = places_[disk];
    if (std::ranges::find(made_, place.hidden.string()) == made_.end()) {
      job_.record(TemporaryMade{place.hidden.string()});
      made_.push_back(place.hidden.string());
    }
    base::named_point("target named");
    BuiltDisk built = build_disk(number, plan.disks[disk].target, *recipe, place, supply, workplace_);
    for (const model::SourceKind kind : model::kSourceKinds)
      summary_.bytes[kind] += built.figures.bytes[kind];
    summary_.kept += built.figures.kept;
    summary_.repaired_tiles += built.figures.tiles_repaired;
    count_zeros(*runs);
    built_.push_back(std::move(built));
    base::named_point("target proved");
  }

  void count_zeros(const model::RunListView& runs) {
    const auto blocks = model::blocks_by_source(runs);
    summary_.bytes[model::SourceKind::zero] += base::ByteCount(blocks[model::SourceKind::zero] * model::kBlockBytes);
  }

  // What the plan takes from the store stays until the job ends.
  void hold(const model::Plan& plan, const Holdings& holdings) const {
    auto ids = KeptPlans(workplace_.home).store_ids(plan);
    if (ids.size() > 0)
      holdings.store().references().refer(blocks_of(job_.id(), plan.realm), ids.map());
  }

  // All of a machine's disks are proved before the first one is visible.
  void show() {
    if (!proved_)
      job_.record(StageDone{kProved});
    proved_ = true;
    workplace_.progress.stage("making it durable", {});
    for (const BuiltDisk& built : built_)
      built.target->commit(false);
    built_.clear();
    base::named_point("targets visible");
  }

  bool wants_domain() const { return hardware_ && request_.options.machine.define; }

  void define() {
    MachineParts parts{.hardware = *hardware_,
                       .name = request_.options.plan.name.value_or(hardware_->name),
                       .uuid = uuid_.value_or(request_.options.machine.same_machine ? hardware_->uuid : new_uuid()),
                       .disks = {},
                       .firmware = firmware_,
                       .firmware_path = {}};
    for (std::size_t i = 0; i < places_.size(); ++i)
      parts.disks.push_back({summary_.disks[i].target, places_[i].path.string(), places_[i].format});
    parts.firmware_path = places_.front().path.parent_path() / (parts.name + "_VARS.fd");
    const bool repeated = uuid_.has_value();
    if (!repeated)
      job_.record(DomainNamed{parts.uuid});
    base::named_point("domain named");
    workplace_.progress.stage("defining it", {});
    summary_.domain = set_up_machine(parts, request_.options.machine, repeated, workplace_.config);
    base::named_point("domain defined");
  }

  void catalogue() {
    for (std::size_t i = 0; i < places_.size(); ++i) {
      try {
        catalogue_target(places_[i].path, places_[i].format, request_.options.plan.realm, workplace_);
      } catch (const Error& failure) {
        workplace_.progress.note(fmt::format("it was not catalogued: {}", failure.what()));
      }
    }
    base::named_point("targets catalogued");
  }

  Job job_;
  const TeleportRequest request_;
  const Workplace& workplace_;
  const Clock::time_point start_;
  std::optional<PlanChosen> chosen_;
  int plans_ = 0;                  // that were given up
  std::vector<std::string> made_;  // hidden files that were begun
  bool proved_ = false;
  std::optional<std::string> uuid_;  // of the domain that an earlier attempt was about to define
  std::optional<model::Hardware> hardware_;
  base::Bytes firmware_;
  std::vector<DiskPlace> places_;
  std::vector<BuiltDisk> built_;
  TeleportSummary summary_;
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
  TeleportJob resumed(std::move(job), teleport_request_from_json(std::get<Requested>(*requested).request), workplace);
  resumed.go_on_with(records);
  return resumed.run();
}

}  // namespace jaunt::engine
