#include "hypervisor/host.hpp"

#include <algorithm>
#include <array>
#include <cerrno>
#include <chrono>
#include <cstdlib>
#include <cstring>
#include <future>
#include <thread>

#include <fcntl.h>
#include <fmt/format.h>
#include <grp.h>
#include <pwd.h>
#include <sys/statvfs.h>
#include <sys/timex.h>
#include <unistd.h>

#include "base/sandbox.hpp"
#include "hypervisor/account.hpp"
#include "hypervisor/connection.hpp"

namespace jaunt::hypervisor {

namespace {

using namespace std::chrono_literals;
namespace fs = std::filesystem;

constexpr auto kLibvirtPatience = 15s;
// 2026-01-01: no clock of a host that runs this is before it.
constexpr std::time_t kPlausibleSince = 1'767'225'600;

struct LibvirtAnswer {
  LibvirtFacts facts;
  std::string emulator;
};

LibvirtAnswer ask_libvirt_now(const std::string& uri) {
  LibvirtAnswer answer;
  answer.facts.uri = uri;
  try {
    const auto connection = Connection::open(uri);
    const auto versions = connection.versions();
    answer.facts.library_version = versions.library;
    answer.facts.daemon_version = versions.daemon;
    answer.facts.hypervisor_version = versions.hypervisor;
    answer.emulator = connection.emulator();
  } catch (const base::Error& error) {
    answer.facts.error = error.what();
    answer.facts.remedy = error.remedy();
  }
  return answer;
}

// A daemon that hangs would hold us for ever, so another thread asks, and is left behind if it must be.
LibvirtAnswer ask_libvirt(const std::string& uri, const base::CancelToken& cancel) {
  auto asked = std::make_shared<std::promise<LibvirtAnswer>>();
  auto answer = asked->get_future();
  std::thread([asked, uri] { asked->set_value(ask_libvirt_now(uri)); }).detach();
  const auto deadline = std::chrono::steady_clock::now() + kLibvirtPatience;
  while (std::chrono::steady_clock::now() < deadline) {
    cancel.check();
    if (answer.wait_for(100ms) == std::future_status::ready)
      return answer.get();
  }
  LibvirtAnswer none;
  none.facts.uri = uri;
  none.facts.error = fmt::format("{} does not answer within {} s", uri, kLibvirtPatience.count());
  none.facts.remedy = "see why the daemon hangs ('journalctl -u libvirtd'), then 'systemctl restart libvirtd'";
  return none;
}

std::string environment(const char* name) {
  const char* value = std::getenv(name);
  return value != nullptr ? value : "";
}

std::string find_program(std::string_view name) {
  const std::string path = environment("PATH");
  for (std::size_t start = 0; start <= path.size();) {
    const auto end = std::min(path.find(':', start), path.size());
    const auto candidate = fs::path(path.substr(start, end - start)) / name;
    if (candidate.is_absolute() && ::access(candidate.c_str(), X_OK) == 0)
      return candidate.string();
    start = end + 1;
  }
  return "";
}

bool readable(const fs::path& path) {
  return ::faccessat(AT_FDCWD, path.c_str(), R_OK, AT_EACCESS) == 0;
}

bool has_modules(const fs::path& modules, const fs::path& kernel) {
  const auto name = kernel.filename().string();
  const auto dash = name.find('-');
  return dash != std::string::npos && readable(modules / name.substr(dash + 1) / "modules.dep");
}

ApplianceFacts look_at_appliance(const HostQuestions& questions) {
  ApplianceFacts facts;
  std::error_code ignored;
  if (const fs::path folder = environment("LIBGUESTFS_PATH");
      readable(folder / "kernel") && readable(folder / "root"))
    facts.fixed = folder;
  facts.supermin = !find_program("supermin").empty();
  for (const char* libraries : {"/usr/lib/x86_64-linux-gnu", "/usr/lib/aarch64-linux-gnu", "/usr/lib64", "/usr/lib"})
    facts.parts |= fs::exists(fs::path(libraries) / "guestfs/supermin.d/base.tar.gz", ignored);
  const std::string chosen = questions.kernel.empty() ? environment("SUPERMIN_KERNEL") : questions.kernel;
  facts.kernel_chosen = !chosen.empty();
  if (facts.kernel_chosen) {
    const std::string modules = environment("SUPERMIN_MODULES");
    facts.kernels.push_back(
        {chosen, readable(chosen),
         modules.empty() ? has_modules(questions.modules, chosen) : fs::exists(modules, ignored)});
    return facts;
  }
  for (const auto& entry : fs::directory_iterator(questions.boot, ignored))
    if (entry.path().filename().string().starts_with("vmlinuz-"))
      facts.kernels.push_back({entry.path(), readable(entry.path()), has_modules(questions.modules, entry.path())});
  std::sort(facts.kernels.begin(), facts.kernels.end(),
            [](const KernelFacts& a, const KernelFacts& b) { return a.path < b.path; });
  return facts;
}

FolderFacts look_at_folder(const FolderQuestion& question) {
  FolderFacts facts;
  facts.purpose = question.purpose;
  facts.path = question.path;
  facts.wanted = question.wanted;
  std::error_code ignored;
  facts.existing = fs::absolute(question.path);
  while (!fs::exists(facts.existing, ignored) && facts.existing.has_relative_path())
    facts.existing = facts.existing.parent_path();
  struct statvfs space {};
  if (!fs::is_directory(facts.existing, ignored))
    facts.error = fmt::format("{} is no folder", facts.existing.string());
  else if (::statvfs(facts.existing.c_str(), &space) != 0)
    facts.error = fmt::format("{} cannot be examined: {}", facts.existing.string(), std::strerror(errno));
  facts.free = base::ByteCount(space.f_bavail * space.f_frsize);
  facts.writable = ::faccessat(AT_FDCWD, facts.existing.c_str(), W_OK | X_OK, AT_EACCESS) == 0;
  if (const auto qemu = packaged_qemu_account(); qemu && question.for_qemu && facts.error.empty())
    facts.closed_to_qemu = closed_to(*qemu, facts.existing);
  return facts;
}

bool in_group(const char* name) {
  const group* entry = ::getgrnam(name);
  if (entry == nullptr)
    return false;
  const gid_t wanted = entry->gr_gid;
  std::vector<gid_t> ours(static_cast<std::size_t>(std::max(0, ::getgroups(0, nullptr))));
  ours.resize(static_cast<std::size_t>(std::max(0, ::getgroups(static_cast<int>(ours.size()), ours.data()))));
  return ::getegid() == wanted || std::find(ours.begin(), ours.end(), wanted) != ours.end();
}

RightsFacts look_at_rights() {
  RightsFacts facts;
  facts.root = ::geteuid() == 0;
  const passwd* user = ::getpwuid(::geteuid());
  facts.user = user != nullptr ? user->pw_name : std::to_string(::geteuid());
  facts.libvirt_group = in_group("libvirt");
  facts.kvm_group = in_group("kvm");
  return facts;
}

ClockFacts look_at_clock() {
  timex state{};
  const int status = ::adjtimex(&state);
  return {.plausible = std::time(nullptr) >= kPlausibleSince, .synchronised = status >= 0 && status != TIME_ERROR};
}

}  // namespace

HostFacts gather_host(const HostQuestions& questions, const base::CancelToken& cancel) {
  HostFacts facts;
  auto libvirt = ask_libvirt(questions.uri, cancel);
  facts.libvirt = std::move(libvirt.facts);
  facts.emulator = libvirt.emulator.empty() ? find_program("qemu-system-x86_64") : libvirt.emulator;
  if (questions.kvm)
    facts.kvm = *questions.kvm;
  else if (!facts.emulator.empty())
    facts.kvm = probe_kvm(facts.emulator, cancel);
  else
    facts.kvm.why = "there is no QEMU to try KVM with";
  facts.appliance = look_at_appliance(questions);
  facts.qemu_img = find_program("qemu-img");
  facts.qemu_nbd = find_program("qemu-nbd");
  for (const auto& folder : questions.folders)
    facts.folders.push_back(look_at_folder(folder));
  facts.rights = look_at_rights();
  facts.fences = base::confinement_available();
  facts.clock = look_at_clock();
  return facts;
}

}  // namespace jaunt::hypervisor
