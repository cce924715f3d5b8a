// The job behind `jaunt teleport`: makes the disks of another node's machine exist here.
#pragma once

#include <chrono>
#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "engine/describe_job.hpp"
#include "engine/home.hpp"
#include "engine/machine_setup.hpp"
#include "engine/archive_stage.hpp"
#include "engine/package_stage.hpp"
#include "engine/plan_job.hpp"
#include "engine/remote_machine.hpp"
#include "engine/thin_base.hpp"
#include "model/source_kind.hpp"
#include "sync/block_asker.hpp"

namespace jaunt::engine {

struct TeleportOptions {
  PlanOptions plan = {};
  std::optional<std::string> plan_id = {};  // of a kept plan, which is carried out instead of a new one
  std::filesystem::path to = {};            // a file, or a folder for every disk's file
  MachineWish machine = {};
  std::string target_format = {};  // "raw" or "qcow2"; empty: as the file's name says, else raw
  Thin thin = Thin::flat;
};

struct TeleportedDisk {
  std::string target;  // "vda"
  std::filesystem::path path;
  base::ByteCount size;
  base::Hash32 root{};  // of what lies there: the source's carried root
  std::optional<std::string> base;
  std::vector<std::filesystem::path> stands_on = {};  // of a thin one: its backing files, top first
  base::ByteCount referenced = {};                    // that it has from these
};

// When the disks of a machine that ran were as they are here.
struct TeleportedInstant {
  std::int64_t as_of = 0;  // seconds since 1970
  Instant how;
};

// What all attempts at a job took together. What a later one replaced counts twice.
struct AttemptTotals {
  unsigned attempts = 0;
  base::ByteCount wire_sent;
  base::ByteCount wire_received;
  model::BySource<base::ByteCount> bytes;  // that were placed
  std::chrono::duration<double> elapsed{};
};

struct TeleportSummary {
  std::string job;
  std::string subject;
  std::string source;
  std::vector<TeleportedDisk> disks;
  std::optional<DefinedMachine> domain;      // where one was defined
  std::optional<TeleportedInstant> instant;  // of a machine that ran
  bool resumed = false;
  base::ByteCount wire_sent;  // by this attempt, with working out the difference if it did that
  base::ByteCount wire_received;
  model::BySource<base::ByteCount> bytes;  // of the targets, that this attempt placed
  base::ByteCount kept;                    // that an earlier attempt had placed
  std::uint64_t repaired_tiles = 0;
  std::optional<model::PlainCopy> plain_copy;  // the fastest, as forecast
  std::optional<model::Forecast> forecast;     // of the plan that was carried out
  std::vector<std::pair<std::string, std::chrono::duration<double>>> stages;
  std::chrono::duration<double> elapsed{};
  std::uint64_t peak_rss = 0;  // bytes, of this process
  AttemptTotals totals;
  std::optional<std::filesystem::path> receipt = {};
  std::optional<PackageSummary> packages = {};  // where any were looked for
  std::optional<ArchiveSummary> archives = {};  // likewise
  std::optional<sync::DeltaFigures> deltas = {};  // where the source was told of former versions
};

struct TeleportRequest;

// It was cancelled, and can be resumed.
struct Interrupted : base::Cancelled {
  std::string job;
};

// Begins a job and carries it out. When it is interrupted or fails after the targets were begun, the job stays to be
// resumed (Interrupted, or the error's remedy says so); nothing is visible until everything is proved.
TeleportSummary teleport(const RemoteMachine& subject, const TeleportOptions& options, const Workplace& workplace);

// Begins a job that a daemon carries out, with resume_teleport(); `detached`: nobody waits for it, so that it stays
// also where the source cannot be reached before anything is here. Returns its id.
std::string hand_over_teleport(const RemoteMachine& subject, const TeleportOptions& options, bool detached,
                               const Workplace& workplace);

// Begins a job whose source dials in; resume_teleport() carries it out over that link. Returns its id.
std::string await_teleport(const TeleportRequest& request, const Workplace& workplace);

// Whether another attempt may succeed without anybody doing anything here.
bool passes_by_itself(base::ErrorKind kind);

// Removes an interrupted one, its hidden files, its plan, and what was promised for it. What is visible stays, so one
// of which any disk is can only be gone on with: throws usage.
void cancel_teleport(const std::string& job, const Home& home);

// Goes on with one. Throws not_found where there is none, busy where it runs, usage where its source has to dial in.
TeleportSummary resume_teleport(const std::string& job, const Workplace& workplace);

}  // namespace jaunt::engine
