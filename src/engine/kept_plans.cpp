#include "engine/kept_plans.hpp"

#include <algorithm>
#include <chrono>
#include <ctime>

#include <fmt/format.h>

#include "base/error.hpp"
#include "base/file.hpp"
#include "base/text.hpp"
#include "engine/job.hpp"
#include "model/id_sorter.hpp"
#include "model/plan_json.hpp"

namespace jaunt::engine {

namespace fs = std::filesystem;
using base::Error;
using base::ErrorKind;

namespace {

constexpr const char* kPlanName = "plan.json";
constexpr std::int64_t kKeptAfterLease = 7 * 24 * 3600;
constexpr std::chrono::hours kMadeWithin{24};  // or whoever made it was killed
constexpr base::ByteCount kPlanBytesMax{64 * base::kMiB};

std::string runs_name(std::size_t disk) {
  return fmt::format("{}.runs", disk);
}

std::string tiles_name(std::size_t disk) {
  return fmt::format("{}.tiles", disk);
}

void copy(const base::File& from, const fs::path& to) {
  base::AtomicFile file(to);
  base::Bytes bytes(base::kMiB);
  base::ByteOffset at;
  while (const std::size_t got = from.read_some(at, bytes)) {
    file.file().write_all(at, base::ByteView(bytes).first(got));
    at += base::ByteCount(got);
  }
  file.commit();
}

}  // namespace

chunkstore::Reference lease_of(const std::string& id, const std::string& realm) {
  return {.realm = realm, .holder = chunkstore::Holder::lease, .name = "plan " + id};
}

fs::path KeptPlans::folder_of(const std::string& id) const {
  if (!is_id(id) || !fs::is_directory(folder_ / id))
    throw Error(ErrorKind::not_found, "find", "plan " + base::printable(id), "there is no such plan in this home",
                "`jaunt plan --list` shows those that are kept");
  return folder_ / id;
}

void KeptPlans::keep(model::Plan& plan, const std::vector<const base::File*>& runs,
                     const std::vector<const base::File*>& tiles) const {
  fs::create_directories(folder_);
  fs::permissions(folder_, fs::perms::owner_all);
  plan.id = new_id();
  const fs::path making = folder_ / fmt::format(".{}", plan.id);
  fs::create_directory(making);
  for (std::size_t disk = 0; disk < runs.size(); ++disk)
    copy(*runs[disk], making / runs_name(disk));
  for (std::size_t disk = 0; disk < tiles.size(); ++disk)
    copy(*tiles[disk], making / tiles_name(disk));
  base::write_text_file(making / kPlanName, model::to_json(plan));
  fs::rename(making, folder_ / plan.id);
  base::sync_directory(folder_);
}

model::Plan KeptPlans::plan(const std::string& id) const {
  return model::plan_from_json(base::read_text_file(folder_of(id) / kPlanName, kPlanBytesMax));
}

KeptRuns KeptPlans::runs(const std::string& id, std::size_t disk) const {
  return KeptRuns(folder_of(id) / runs_name(disk));
}

SpilledList<model::BlockId> KeptPlans::store_ids(const model::Plan& plan) const {
  model::IdSorter sorter(home_.cache());
  for (std::size_t disk = 0; disk < plan.disks.size(); ++disk)
    sorter.add(runs(plan.id, disk)->store_ids());
  SpilledList<model::BlockId> ids(home_.cache());
  sorter.sort([&](std::span<const model::BlockId> some) { ids.add(some); }, [](auto) {});
  return ids;
}

fs::path KeptPlans::tiles(const std::string& id, std::size_t disk) const {
  return folder_of(id) / tiles_name(disk);
}

void KeptPlans::renew(const std::string& id, chunkstore::Clock::time_point until) const {
  model::Plan kept = plan(id);
  const std::int64_t then = chunkstore::Clock::to_time_t(until);
  if (then <= kept.lease_until)
    return;
  chunkstore::Store(home_.path()).references().renew(lease_of(id, kept.realm), until);
  kept.lease_until = then;
  base::write_text_file(folder_of(id) / kPlanName, model::to_json(kept));
}

void KeptPlans::drop(const std::string& id) const {
  const fs::path folder = folder_of(id);
  chunkstore::Store store(home_.path());
  for (const chunkstore::Reference& reference : store.references().list())
    if (reference.holder == chunkstore::Holder::lease && reference.name == lease_of(id, {}).name)
      store.references().release(reference);
  fs::remove_all(folder);
}

std::vector<model::Plan> KeptPlans::list() const {
  std::vector<model::Plan> plans;
  std::error_code none;
  for (const auto& entry : fs::directory_iterator(folder_, none)) {
    try {
      plans.push_back(plan(entry.path().filename().string()));
    } catch (const Error&) {
      continue;  // half made, of another version, or not a plan at all
    }
  }
  std::ranges::sort(plans, {}, &model::Plan::id);
  return plans;
}

void KeptPlans::remove_expired() const {
  const std::int64_t now = std::time(nullptr);
  for (const model::Plan& plan : list())
    if (std::max(plan.lease_until, plan.created) + kKeptAfterLease < now)
      drop(plan.id);
  std::error_code none;
  for (const auto& entry : fs::directory_iterator(folder_, none))
    if (entry.path().filename().string().starts_with('.') &&
        fs::last_write_time(entry, none) + kMadeWithin < fs::file_time_type::clock::now())
      fs::remove_all(entry, none);
}

}  // namespace jaunt::engine
