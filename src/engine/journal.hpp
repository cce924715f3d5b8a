// One job, one journal: an append-only file of records by which the next start knows what a killed job left behind.
#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "base/file.hpp"
#include "base/hash.hpp"
#include "base/units.hpp"
#include "model/source_kind.hpp"

namespace jaunt::engine {

// The first record of every journal.
struct JobBegun {
  std::string kind;      // "describe"
  std::string subject;   // what it was asked for
  std::string version;   // of jaunt
  std::int64_t pid = 0;  // for people; whether the job lives, its lock tells
  bool operator==(const JobBegun&) const = default;
};

// A libvirt backup is about to begin; written before it does.
struct BackupBegun {
  std::string connection;  // libvirt URI
  std::string domain;      // uuid
  std::string folder;      // of its socket and scratch files
  bool operator==(const BackupBegun&) const = default;
};

// That backup was ended and its folder is gone.
struct BackupEnded {
  std::string domain;
  bool operator==(const BackupEnded&) const = default;
};

// A file or folder of ours outside the job's own folder is about to be made.
struct TemporaryMade {
  std::string path;
  bool operator==(const TemporaryMade&) const = default;
};

// What a job was asked for, as JSON of its own kind; enough to go on with it.
struct Requested {
  std::string request;
  bool operator==(const Requested&) const = default;
};

// The plan that it carries out from now on.
struct PlanChosen {
  std::string id;
  bool own = true;  // it was made for this job, and is dropped with it
  bool operator==(const PlanChosen&) const = default;
};

struct StageDone {
  std::string name;
  bool operator==(const StageDone&) const = default;
};

// A domain is about to be defined.
struct DomainNamed {
  std::string uuid;
  bool operator==(const DomainNamed&) const = default;
};

// An attempt ended with an error; the job may stay for another one.
struct AttemptFailed {
  std::string kind;  // as base::to_string says it
  std::string what;  // a sentence
  std::string remedy;
  bool operator==(const AttemptFailed&) const = default;
};

// What an attempt has taken so far; the last one of each attempt counts.
struct AttemptCounted {
  std::int64_t attempt = 0;  // from 1 on
  std::int64_t sent = 0;     // bytes on the link
  std::int64_t received = 0;
  std::int64_t milliseconds = 0;
  model::BySource<std::int64_t> bytes;  // that were placed
  bool operator==(const AttemptCounted&) const = default;
};

// Nothing is left to clean up.
struct JobFinished {
  std::string outcome;  // "done", "failed", "cancelled", "recovered"
  bool operator==(const JobFinished&) const = default;
};

using Record = std::variant<JobBegun, BackupBegun, BackupEnded, TemporaryMade, Requested, PlanChosen, StageDone,
                            DomainNamed, AttemptFailed, AttemptCounted, JobFinished>;

// Writes a journal. One thread.
class Journal {
 public:
  // A new file, durable in its folder; an existing one is an error.
  static Journal create(const std::filesystem::path& path);
  // An existing one, to go on after its last whole record; what follows that one is cut off.
  static Journal reopen(const std::filesystem::path& path);

  // Durable when it returns.
  void append(const Record& record);

  const base::File& file() const { return file_; }

 private:
  explicit Journal(base::File file) : file_(std::move(file)) {}

  base::File file_;
  base::ByteOffset end_;
  base::Hash32 seal_{};  // of the last record, on which the next one's is built
};

// The records up to the first one that is torn, altered or unknown; never anything but what was appended, in order.
std::vector<Record> records_of(std::string_view journal);
// Throws only when the file cannot be read.
std::vector<Record> read_journal(const std::filesystem::path& path);

}  // namespace jaunt::engine
