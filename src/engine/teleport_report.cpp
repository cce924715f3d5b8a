#include "engine/teleport_report.hpp"

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "base/text.hpp"
#include "engine/teleport_request.hpp"

namespace jaunt::engine {

using base::Error;
using base::ErrorKind;
using base::printable;
using Json = nlohmann::ordered_json;
using model::SourceKind;

namespace {

Json domain_json(const DefinedMachine& machine) {
  Json changes = Json::array();
  for (const auto& change : machine.changes)
    changes.push_back(
        {{"what", printable(change.what)}, {"from", printable(change.from)}, {"to", printable(change.to)}});
  return {{"name", printable(machine.name)},
          {"uuid", machine.uuid},
          {"connection", printable(machine.connection)},
          {"started", machine.started},
          {"changes", changes}};
}

Json disks_json(const std::vector<TeleportedDisk>& disks) {
  Json list = Json::array();
  for (const TeleportedDisk& disk : disks) {
    list.push_back({{"target", printable(disk.target)},
                    {"path", printable(disk.path.string())},
                    {"size", disk.size.value},
                    {"root", base::to_hex(disk.root)},
                    {"base", disk.base ? Json(printable(*disk.base)) : Json()}});
    if (disk.stands_on.empty())
      continue;
    for (const std::filesystem::path& path : disk.stands_on)
      list.back()["stands_on"].push_back(printable(path.string()));
    list.back()["referenced_bytes"] = disk.referenced.value;
  }
  return list;
}

// The node that has to dial in for it to go on.
std::string awaited_by(const ListedJob& job) {
  const auto request = job.resumable() ? readable_request(job.request) : std::nullopt;
  return !request || request->subject.dials_in.empty() ? "" : request->subject.peer;
}

Json job_json(const ListedJob& job) {
  const std::string awaits = awaited_by(job);
  Json json = {{"type", "job"},
               {"id", job.id},
               {"kind", printable(job.begun.kind)},
               {"subject", printable(job.begun.subject)},
               {"state", job.state()},
               {"pid", job.alive ? job.pid : job.begun.pid},
               {"alive", job.alive},
               {"resumable", job.resumable() && awaits.empty()}};
  if (!awaits.empty())
    json["awaits"] = printable(awaits);
  if (job.schedule && job.schedule->retry_at != 0 && !job.alive)
    json["retry_at"] = job.schedule->retry_at;
  if (job.failure)
    json["failure"] = {{"kind", job.failure->kind},
                       {"what", printable(job.failure->what)},
                       {"remedy", printable(job.failure->remedy)}};
  return json;
}

ErrorKind kind_named(const std::string& name) {
  for (int i = 0; i <= static_cast<int>(ErrorKind::hypervisor); ++i)
    if (const auto kind = static_cast<ErrorKind>(i); base::to_string(kind) == name)
      return kind;
  return ErrorKind::io;
}

Json bytes_json(const model::BySource<base::ByteCount>& bytes) {
  Json json;
  for (const SourceKind kind : model::kSourceKinds)
    json[std::string(to_string(kind))] = bytes[kind].value;
  return json;
}

Json archives_json(const ArchiveSummary& archives) {
  Json left = Json::object();
  for (const auto& [why, count] : archives.left)
    left[why] = count;
  return {{"made", archives.made},
          {"bytes", archives.bytes.value},
          {"left", left},
          {"seconds", archives.elapsed.count()}};
}

Json deltas_json(const sync::DeltaFigures& deltas) {
  return {{"tiles", deltas.tiles},
          {"blocks_bytes", deltas.blocks.value},
          {"deltas_bytes", deltas.deltas.value},
          {"signatures_bytes", deltas.signatures.value}};
}

Json packages_json(const PackageSummary& packages) {
  Json not_fetched = Json::object();
  for (const auto& [why, count] : packages.not_fetched)
    not_fetched[why] = count;
  return {{"listed", packages.listed},
          {"covered", packages.covered},
          {"from_cache", packages.from_cache},
          {"fetched", packages.fetched},
          {"downloaded_bytes", packages.downloaded.value},
          {"not_fetched", not_fetched},
          {"seconds", packages.elapsed.count()}};
}

Json totals_json(const AttemptTotals& totals) {
  return {{"attempts", totals.attempts},
          {"wire_bytes_received", totals.wire_received.value},
          {"wire_bytes_sent", totals.wire_sent.value},
          {"bytes_by_source", bytes_json(totals.bytes)},
          {"seconds", totals.elapsed.count()}};
}

}  // namespace

std::string to_json(const TeleportSummary& summary) {
  Json stages = Json::object();
  for (const auto& [name, seconds] : summary.stages)
    stages[name] = seconds.count();
  Json json = {{"type", "summary"},
               {"job", summary.job},
               {"subject", printable(summary.subject)},
               {"source", printable(summary.source)},
               {"disks", disks_json(summary.disks)},
               {"resumed", summary.resumed},
               {"wire_bytes_received", summary.wire_received.value},
               {"wire_bytes_sent", summary.wire_sent.value},
               {"bytes_by_source", bytes_json(summary.bytes)},
               {"kept_bytes", summary.kept.value},
               {"repaired_tiles", summary.repaired_tiles},
               {"seconds", summary.elapsed.count()},
               {"seconds_by_stage", stages},
               {"totals", totals_json(summary.totals)},
               {"peak_rss_bytes", summary.peak_rss}};
  if (summary.domain)
    json["domain"] = domain_json(*summary.domain);
  if (summary.instant)
    json["instant"] = {{"as_of", summary.instant->as_of},
                       {"frozen", summary.instant->how.frozen},
                       {"consistency", printable(summary.instant->how.consistency)}};
  if (summary.plain_copy)
    json["plain_copy"] = {{"name", summary.plain_copy->name}, {"wire", summary.plain_copy->wire.value}};
  if (summary.forecast)
    json["forecast"] = {{"wire", summary.forecast->wire.value},
                        {"seconds", std::chrono::duration<double>(summary.forecast->seconds).count()}};
  if (summary.packages)
    json["packages"] = packages_json(*summary.packages);
  if (summary.archives)
    json["archives"] = archives_json(*summary.archives);
  if (summary.deltas)
    json["deltas"] = deltas_json(*summary.deltas);
  if (summary.receipt)
    json["receipt"] = printable(summary.receipt->string());
  return json.dump();
}

std::string to_json(const Error& error) {
  const Json json = {{"type", "error"},
                     {"kind", base::to_string(error.kind())},
                     {"operation", printable(error.operation())},
                     {"subject", printable(error.subject())},
                     {"cause", printable(error.cause())},
                     {"remedy", printable(error.remedy())}};
  return json.dump();
}

Error error_from_json(const std::string& line) {
  const Json json = Json::parse(line, nullptr, false);
  const auto text = [&](const char* key) {
    return json.is_object() && json.contains(key) && json[key].is_string() ? json[key].get<std::string>() : "";
  };
  return {kind_named(text("kind")), text("operation"), text("subject"), text("cause"), text("remedy")};
}

std::string to_json(const ListedJob& job) {
  return job_json(job).dump();
}

std::string to_json(const ShownJob& shown) {
  Json json = job_json(shown.job);
  json["history"] = Json::array();
  for (const Record& record : shown.records)
    if (const std::string text = told(record); !text.empty())
      json["history"].push_back(printable(text));
  if (shown.receipt)
    json["receipt"] = *shown.receipt;
  return json.dump(-1, ' ', false, Json::error_handler_t::replace);
}

std::string told(const Record& record) {
  if (const auto* plan = std::get_if<PlanChosen>(&record))
    return fmt::format("carries out plan {}", plan->id);
  if (const auto* made = std::get_if<TemporaryMade>(&record))
    return fmt::format("builds {}", made->path);
  if (const auto* stage = std::get_if<StageDone>(&record))
    return fmt::format("{}: done", stage->name);
  if (const auto* named = std::get_if<DomainNamed>(&record))
    return fmt::format("defines domain {}", named->uuid);
  if (const auto* failure = std::get_if<AttemptFailed>(&record))
    return fmt::format("failed: {}", failure->what);
  if (const auto* finished = std::get_if<JobFinished>(&record))
    return fmt::format("ended: {}", finished->outcome);
  return {};
}

}  // namespace jaunt::engine
