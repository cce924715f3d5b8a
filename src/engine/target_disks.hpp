// The disks of a teleport as they come to be here: hidden until all of them are proved.
#pragma once

#include <filesystem>
#include <functional>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "engine/conversation.hpp"
#include "engine/describe_job.hpp"
#include "engine/holdings.hpp"
#include "engine/job.hpp"
#include "engine/target_places.hpp"
#include "engine/teleport_disk.hpp"
#include "engine/teleport_request.hpp"
#include "model/plan.hpp"

namespace jaunt::engine {

// The plan does not hold any more: another one may.
struct Outdated {
  std::string why;
};

// The stage after which all disks are proved; written down before the first one gets its name.
inline constexpr const char* kProved = "proved";
// Whether a job with this journal came so far, and some disk has its name.
bool is_visible(const std::vector<Record>& records, const std::string& job);

// What a job holds on to in the store.
chunkstore::Reference blocks_of(const std::string& job, const std::string& realm);

// The number in the conversation of a disk that is as it was planned.
std::optional<std::uint32_t> number_of(const model::DiskPlan& planned, Conversation& conversation);

// Writes down in the job's journal what it makes, and in the summary what it took. One thread.
class TargetDisks {
 public:
  TargetDisks(Job& job, const TeleportRequest& request, const Workplace& workplace, TeleportSummary& summary)
      : job_(job), request_(request), workplace_(workplace), summary_(summary) {}

  void go_on_with(const std::vector<Record>& records);
  bool begun() const { return !made_.empty(); }
  bool proved() const { return proved_; }  // all of them
  const std::vector<DiskPlace>& places() const { return places_; }

  // Which of the machine's disks are media. Before build().
  void tell_media(const model::Description& description);
  // Each is proved when it returns; `got_on` is called often until then, when the summary was brought up to date.
  // Throws Outdated.
  void build(const model::Plan& plan, Conversation& conversation, const std::function<void()>& got_on);
  // So that they are built by another plan, from what lies there.
  void close() { built_.clear(); }
  // All are proved before the first one is visible.
  void show();
  // So that what comes next finds their blocks here; failures are only told.
  void catalogue() const;

 private:
  void check_places(const model::Plan& plan);
  // What they stand on, where they are to be thin.
  void find_thin_bases(const model::Plan& plan, const Holdings& holdings);
  void check_thin_bases() const;
  void protect_thin_bases() const;
  void build_one(const model::Plan& plan, std::size_t disk, std::uint32_t number, const Holdings& holdings,
                 BlockSupply& supply);
  void hold(const model::Plan& plan, const Holdings& holdings) const;
  void note_begun(const DiskPlace& place);
  // From a disk of which so much was placed, in addition to what there was before it.
  void account(const TeleportSummary& before, const sync::BuildFigures& figures);
  void account_zeros(const model::RunListView& runs);

  Job& job_;
  const TeleportRequest& request_;
  const Workplace& workplace_;
  TeleportSummary& summary_;
  std::vector<std::string> made_;  // hidden files that were begun
  bool proved_ = false;
  std::set<std::string> media_;  // targets
  std::vector<DiskPlace> places_;
  std::vector<std::optional<ThinBase>> thin_;  // one for each place
  std::vector<BuiltDisk> built_;
  std::map<std::filesystem::path, std::unique_ptr<sync::ProvedIds>> proved_ids_;  // of targets that were built now
};

}  // namespace jaunt::engine
