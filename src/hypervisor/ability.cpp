#include "hypervisor/ability.hpp"

#include <algorithm>
#include <array>
#include <cstdlib>
#include <memory>
#include <sstream>
#include <thread>
#include <vector>

#include <libvirt/libvirt.h>
#include <sys/statvfs.h>
#include <sys/sysinfo.h>
#include <unistd.h>

#include "base/error.hpp"
#include "base/file.hpp"

namespace jaunt::hypervisor {

namespace fs = std::filesystem;
using model::HostAbility;

namespace {

struct Free {
  void operator()(void* memory) const { std::free(memory); }
};
using Text = std::unique_ptr<char, Free>;

struct NetworkCloser {
  void operator()(virNetworkPtr network) const { virNetworkFree(network); }
};
struct PoolCloser {
  void operator()(virStoragePoolPtr pool) const { virStoragePoolFree(pool); }
};

// What libvirt lists, by name; nothing where it cannot.
template <typename Closer, typename Handle, typename List, typename Name>
std::vector<std::string> names(const List& list, const Name& name) {
  Handle* raw = nullptr;
  const int count = list(&raw);
  const std::unique_ptr<Handle, Free> owned(raw);
  std::vector<std::string> result;
  for (int i = 0; i < count; ++i) {
    const std::unique_ptr<std::remove_pointer_t<Handle>, Closer> handle(raw[i]);
    if (const char* text = name(handle.get()))
      result.emplace_back(text);
  }
  return result;
}

// What a machine type is called here: by its name, else by its family's. Null leaves the choice to QEMU.
const char* machine_here(const model::GuestAbility& guest, const std::string& machine) {
  for (const std::string& name : {machine, model::machine_family(machine)})
    if (const auto known = std::ranges::find(guest.machines, name); known != guest.machines.end())
      return known->c_str();
  return nullptr;
}

// Firmware and the number of CPUs depend on the machine type: secure boot is of q35 alone.
void add_capabilities(virConnectPtr connection, const std::string& arch, const std::string& machine,
                      HostAbility& ability) {
  if (const Text xml{virConnectGetCapabilities(connection)})
    parse_capabilities(xml.get(), ability);
  std::erase_if(ability.guests, [&](const auto& guest) { return guest.arch != arch; });
  for (model::GuestAbility& guest : ability.guests)
    if (const Text xml{virConnectGetDomainCapabilities(connection, guest.emulator.c_str(), arch.c_str(),
                                                       machine_here(guest, machine), guest.virtualization.c_str(),
                                                       0)})
      parse_domain_capabilities(xml.get(), guest);
}

// The guest's CPU, asked of the way in which it would run.
std::optional<bool> accepts_cpu(virConnectPtr connection, const HostAbility& ability, const std::string& cpu) {
  if (cpu.empty() || ability.guests.empty())
    return std::nullopt;
  const model::GuestAbility& guest = ability.guests.back();
  switch (virConnectCompareHypervisorCPU(connection, guest.emulator.c_str(), guest.arch.c_str(), nullptr,
                                         guest.virtualization.c_str(), cpu.c_str(), 0)) {
    case VIR_CPU_COMPARE_INCOMPATIBLE:
      return false;
    case VIR_CPU_COMPARE_IDENTICAL:
    case VIR_CPU_COMPARE_SUPERSET:
      return true;
    default:
      return std::nullopt;
  }
}

std::vector<std::string> bridges() {
  std::vector<std::string> found;
  std::error_code none;
  for (const auto& interface : fs::directory_iterator("/sys/class/net", none))
    if (fs::exists(interface.path() / "bridge", none))
      found.push_back(interface.path().filename().string());
  return found;
}

// Without swapping anything out, as the kernel estimates it.
base::ByteCount memory_available() {
  std::istringstream lines(base::read_text_file("/proc/meminfo", base::ByteCount(64 * base::kKiB)));
  std::string key;
  std::uint64_t kibibytes = 0;
  for (std::string rest; lines >> key >> kibibytes; std::getline(lines, rest))
    if (key == "MemAvailable:")
      return base::ByteCount(kibibytes * base::kKiB);
  return {};
}

void add_kernel_facts(HostAbility& ability) {
  ability.name = host_name();
  ability.cpus = static_cast<int>(std::thread::hardware_concurrency());
  struct sysinfo info {};
  if (::sysinfo(&info) == 0)
    ability.memory = base::ByteCount(std::uint64_t{info.totalram} * info.mem_unit);
  ability.memory_available = memory_available();
  ability.bridges = bridges();
}

}  // namespace

HostAbility ability_without_libvirt() {
  HostAbility ability;
  add_kernel_facts(ability);
  return ability;
}

HostAbility ability_of(const Connection& connection, const std::string& arch, const Demands& demands) {
  HostAbility ability = ability_without_libvirt();
  ability.connection = connection.uri();
  virConnectPtr const handle = connection.handle();
  add_capabilities(handle, arch, demands.machine, ability);
  ability.cpu_accepted = accepts_cpu(handle, ability, demands.cpu);
  ability.networks = names<NetworkCloser, virNetworkPtr>(
      [&](virNetworkPtr** list) { return virConnectListAllNetworks(handle, list, VIR_CONNECT_LIST_NETWORKS_ACTIVE); },
      virNetworkGetName);
  ability.pools = names<PoolCloser, virStoragePoolPtr>(
      [&](virStoragePoolPtr** list) {
        return virConnectListAllStoragePools(handle, list, VIR_CONNECT_LIST_STORAGE_POOLS_ACTIVE);
      },
      virStoragePoolGetName);
  for (const Domain& domain : connection.domains())
    ability.domains.push_back({.name = domain.name(), .uuid = domain.uuid()});
  for (const std::string& file : demands.files)
    if (std::error_code none; !fs::exists(file, none))
      ability.missing_files.push_back(file);
  return ability;
}

model::TargetFolder target_folder(const fs::path& path) {
  fs::path existing = fs::absolute(path);
  std::error_code none;
  while (!fs::is_directory(existing, none) && existing.has_relative_path())
    existing = existing.parent_path();
  model::TargetFolder folder{.path = path.string(), .writable = ::access(existing.c_str(), W_OK) == 0, .free = {}};
  struct statvfs status {};
  if (::statvfs(existing.c_str(), &status) != 0)
    base::throw_errno(errno, "look at", existing.string());
  folder.free = base::ByteCount(std::uint64_t{status.f_bavail} * status.f_frsize);
  return folder;
}

std::string host_name() {
  std::array<char, 256> name{};
  return ::gethostname(name.data(), name.size() - 1) == 0 ? name.data() : "this host";
}

}  // namespace jaunt::hypervisor
