#include "hypervisor/backup_job.hpp"

#include <chrono>
#include <cstdlib>
#include <sstream>
#include <thread>

#include <fmt/format.h>
#include <libvirt/libvirt.h>
#include <libvirt/virterror.h>
#include <pugixml.hpp>

#include "base/text.hpp"
#include "hypervisor/libvirt_error.hpp"

namespace jaunt::hypervisor {

namespace {

using namespace std::chrono_literals;
using base::Error;
using base::ErrorKind;

constexpr auto kEndPatience = 30s;

std::string subject_of(const Domain& domain) {
  return "domain " + base::printable(domain.name());
}

std::optional<BackupXml> running_backup(const Domain& domain) {
  char* raw = virDomainBackupGetXMLDesc(domain.handle(), 0);
  if (raw == nullptr)
    return std::nullopt;
  const std::string xml(raw);
  std::free(raw);
  return parse_backup(xml);
}

std::string describe(const BackupXml& backup) {
  if (!backup.socket.empty())
    return fmt::format("a backup by another tool, served at {}", base::printable(backup.socket));
  if (!backup.scratch_files.empty())
    return fmt::format("a backup by another tool, to {}", base::printable(backup.scratch_files.front()));
  return "a backup by another tool";
}

std::string operation_name(int operation) {
  switch (operation) {
    case VIR_DOMAIN_JOB_OPERATION_START:
      return "its start";
    case VIR_DOMAIN_JOB_OPERATION_SAVE:
      return "a save";
    case VIR_DOMAIN_JOB_OPERATION_RESTORE:
      return "a restore";
    case VIR_DOMAIN_JOB_OPERATION_MIGRATION_IN:
    case VIR_DOMAIN_JOB_OPERATION_MIGRATION_OUT:
      return "a migration";
    case VIR_DOMAIN_JOB_OPERATION_SNAPSHOT:
    case VIR_DOMAIN_JOB_OPERATION_SNAPSHOT_REVERT:
      return "a snapshot";
    case VIR_DOMAIN_JOB_OPERATION_DUMP:
      return "a core dump";
    case VIR_DOMAIN_JOB_OPERATION_BACKUP:
      return "a backup by another tool";
    default:
      return "another job";
  }
}

std::optional<std::string> running_operation(const Domain& domain) {
  int type = VIR_DOMAIN_JOB_NONE;
  virTypedParameterPtr parameters = nullptr;
  int count = 0;
  if (virDomainGetJobStats(domain.handle(), &type, &parameters, &count, 0) != 0)
    return std::nullopt;
  int operation = VIR_DOMAIN_JOB_OPERATION_UNKNOWN;
  virTypedParamsGetInt(parameters, count, VIR_DOMAIN_JOB_OPERATION, &operation);
  virTypedParamsFree(parameters, count);
  if (type == VIR_DOMAIN_JOB_NONE)
    return std::nullopt;
  return operation_name(operation);
}

std::string block_job_name(int type) {
  switch (type) {
    case VIR_DOMAIN_BLOCK_JOB_TYPE_PULL:
      return "a block pull";
    case VIR_DOMAIN_BLOCK_JOB_TYPE_COPY:
      return "a block copy";
    case VIR_DOMAIN_BLOCK_JOB_TYPE_COMMIT:
    case VIR_DOMAIN_BLOCK_JOB_TYPE_ACTIVE_COMMIT:
      return "a block commit";
    default:
      return "a block job";
  }
}

std::string backup_request(const std::vector<std::string>& targets, const std::vector<std::string>& left_out,
                           const ScratchFolder& folder) {
  pugi::xml_document document;
  auto root = document.append_child("domainbackup");
  root.append_attribute("mode") = "pull";
  auto server = root.append_child("server");
  server.append_attribute("transport") = "unix";
  server.append_attribute("socket") = folder.socket().c_str();
  auto disks = root.append_child("disks");
  for (const auto& target : targets) {
    auto disk = disks.append_child("disk");
    disk.append_attribute("name") = target.c_str();
    disk.append_attribute("backup") = "yes";
    disk.append_attribute("type") = "file";
    disk.append_attribute("exportname") = target.c_str();
    disk.append_child("scratch").append_attribute("file") = folder.scratch_file(target).c_str();
  }
  for (const auto& target : left_out) {
    auto disk = disks.append_child("disk");
    disk.append_attribute("name") = target.c_str();
    disk.append_attribute("backup") = "no";
  }
  std::ostringstream text;
  document.save(text);
  return text.str();
}

Error busy(const Domain& domain, const std::string& job) {
  return Error(ErrorKind::busy, "read", subject_of(domain), fmt::format("{} holds it", job),
               "try again when that is over; 'virsh domjobinfo' and 'virsh blockjob' show it");
}

}  // namespace

std::optional<std::string> job_in_the_way(const Domain& domain, const std::vector<std::string>& targets) {
  if (const auto backup = running_backup(domain))
    return describe(*backup);
  if (const auto operation = running_operation(domain))
    return operation;
  for (const auto& target : targets) {
    virDomainBlockJobInfo info{};
    if (virDomainGetBlockJobInfo(domain.handle(), target.c_str(), &info, 0) == 1)
      return fmt::format("{} of {}", block_job_name(info.type), base::printable(target));
  }
  return std::nullopt;
}

void begin_job(const Domain& domain, const std::vector<std::string>& targets,
               const std::vector<std::string>& left_out, const ScratchFolder& folder) {
  // Asked first, because libvirt itself would wait half a minute for another job to end.
  if (const auto job = job_in_the_way(domain, targets))
    throw busy(domain, *job);
  const auto request = backup_request(targets, left_out, folder);
  if (virDomainBackupBegin(domain.handle(), request.c_str(), nullptr, 0) == 0)
    return;
  const Error refused = last_libvirt_error("begin a backup of", subject_of(domain));
  if (const auto job = job_in_the_way(domain, targets))
    throw busy(domain, *job);
  throw refused;
}

JobState state_of_job(const Domain& domain, const std::filesystem::path& socket) {
  if (const auto backup = running_backup(domain))
    return backup->socket == socket ? JobState::ours : JobState::gone;
  switch (virGetLastErrorCode()) {
    case VIR_ERR_NO_DOMAIN_BACKUP:
      return JobState::gone;
    case VIR_ERR_NO_DOMAIN:
    case VIR_ERR_OPERATION_INVALID:
      return JobState::stopped;
    default:
      return JobState::unknown;
  }
}

void end_job(const Domain& domain, const std::filesystem::path& socket) {
  const auto deadline = std::chrono::steady_clock::now() + kEndPatience;
  auto pause = 5ms;
  bool asked = false;
  for (auto state = state_of_job(domain, socket); state == JobState::ours || state == JobState::unknown;
       state = state_of_job(domain, socket)) {
    if (!asked)
      asked = virDomainAbortJob(domain.handle()) == 0;
    if (std::chrono::steady_clock::now() > deadline)
      throw Error(ErrorKind::hypervisor, "end the backup of", subject_of(domain), "libvirt does not finish it",
                  fmt::format("'virsh domjobabort {}'", base::printable(domain.name())));
    std::this_thread::sleep_for(pause);
    pause = std::min(pause * 2, 200ms);
  }
}

}  // namespace jaunt::hypervisor
