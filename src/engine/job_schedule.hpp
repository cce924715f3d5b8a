// What a daemon means to do with a job that was handed to it; kept beside the job's journal.
#pragma once

#include <chrono>
#include <cstdint>
#include <filesystem>
#include <optional>
#include <random>

namespace jaunt::engine {

inline constexpr const char* kScheduleName = "schedule.json";

enum class Wish { run, cancel };

struct JobSchedule {
  Wish wish = Wish::run;
  unsigned failures = 0;      // attempts in a row that got nowhere
  std::int64_t retry_at = 0;  // seconds since 1970; 0: as soon as there is room
  bool operator==(const JobSchedule&) const = default;
};

// nullopt: no daemon has the job. One that cannot be read means: run.
std::optional<JobSchedule> load_schedule(const std::filesystem::path& job_folder);
// Durable when it returns.
void store_schedule(const std::filesystem::path& job_folder, const JobSchedule& schedule);
// From now on, nobody resumes the job by himself.
void drop_schedule(const std::filesystem::path& job_folder);

// How long to wait after so many failures in a row: a second, twice that, up to five minutes; and up to a fifth of it
// more or less, so that many jobs do not come back at once.
std::chrono::milliseconds retry_delay(unsigned failures, std::minstd_rand& random);

}  // namespace jaunt::engine
