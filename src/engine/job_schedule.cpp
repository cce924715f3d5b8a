#include "engine/job_schedule.hpp"

#include <algorithm>

#include <nlohmann/json.hpp>

#include "base/file.hpp"

namespace jaunt::engine {

namespace fs = std::filesystem;
using Json = nlohmann::ordered_json;
using namespace std::chrono_literals;

namespace {

constexpr base::ByteCount kScheduleBytesMax{4 * base::kKiB};
constexpr std::chrono::milliseconds kFirstDelay = 1s;
constexpr std::chrono::milliseconds kDelayMax = 5min;

}  // namespace

std::optional<JobSchedule> load_schedule(const fs::path& job_folder) {
  const fs::path path = job_folder / kScheduleName;
  if (!fs::exists(path))
    return std::nullopt;
  JobSchedule schedule;
  const Json json = Json::parse(base::read_text_file(path, kScheduleBytesMax), nullptr, false);
  if (json.is_object()) {
    if (json.value("wish", Json()) == "cancel")
      schedule.wish = Wish::cancel;
    if (const Json failures = json.value("failures", Json()); failures.is_number_unsigned())
      schedule.failures = failures.get<unsigned>();
    if (const Json retry_at = json.value("retry_at", Json()); retry_at.is_number_integer())
      schedule.retry_at = retry_at.get<std::int64_t>();
  }
  return schedule;
}

void store_schedule(const fs::path& job_folder, const JobSchedule& schedule) {
  const Json json = {{"version", 1},
                     {"wish", schedule.wish == Wish::cancel ? "cancel" : "run"},
                     {"failures", schedule.failures},
                     {"retry_at", schedule.retry_at}};
  base::write_text_file(job_folder / kScheduleName, json.dump() + "\n");
}

void drop_schedule(const fs::path& job_folder) {
  fs::remove(job_folder / kScheduleName);
  base::sync_directory(job_folder);
}

std::chrono::milliseconds retry_delay(unsigned failures, std::minstd_rand& random) {
  std::chrono::milliseconds delay = kFirstDelay;
  for (unsigned i = 1; i < failures && delay < kDelayMax; ++i)
    delay *= 2;
  delay = std::min(delay, kDelayMax);
  const auto spread = delay.count() / 5;
  return delay + std::chrono::milliseconds(std::uniform_int_distribution<std::int64_t>(-spread, spread)(random));
}

}  // namespace jaunt::engine
