#include "engine/machine_setup.hpp"

#include <array>
#include <cstdint>
#include <random>

#include <fmt/format.h>

#include "base/error.hpp"
#include "base/file.hpp"
#include "base/text.hpp"
#include "engine/subject.hpp"
#include "hypervisor/ability.hpp"
#include "hypervisor/storage.hpp"
#include "match/blockers.hpp"

namespace jaunt::engine {

namespace fs = std::filesystem;
using base::Error;
using base::ErrorKind;

namespace {

hypervisor::Adaptation adapted(const MachineParts& parts, const MachineWish& wish,
                               const hypervisor::Connection& connection, const Config& config) {
  const model::HostAbility host =
      hypervisor::ability_of(connection, parts.hardware.arch, hypervisor::parse_demands(parts.hardware.domain_xml));
  const model::GuestAbility* const ability = match::choose_ability(parts.hardware, host);
  if (ability == nullptr)
    throw Error(ErrorKind::incompatible, "set up", base::printable(parts.name),
                fmt::format("this host runs no {} guests", base::printable(parts.hardware.arch)));
  return hypervisor::adapt(parts.hardware.domain_xml, *ability,
                           {.name = parts.name,
                            .uuid = parts.uuid,
                            .same_machine = wish.same_machine,
                            .disks = parts.disks,
                            .nvram = parts.firmware.empty() ? "" : parts.firmware_path.string(),
                            .networks = config.machine_networks.names,
                            .host_files = {config.machine_files.begin(), config.machine_files.end()}});
}

void place_firmware(const MachineParts& parts, bool repeated) {
  if (parts.firmware.empty() || (repeated && fs::exists(parts.firmware_path)))
    return;
  base::AtomicFile file(parts.firmware_path);
  file.file().write_all(base::ByteOffset(0), parts.firmware);
  file.commit(base::AtomicFile::Existing::keep);
}

void refresh_pools(const MachineParts& parts, const hypervisor::Connection& connection) {
  for (const hypervisor::PlacedDisk& disk : parts.disks)
    hypervisor::refresh_pools(connection, fs::path(disk.path).parent_path());
}

}  // namespace

DefinedMachine set_up_machine(const MachineParts& parts, const MachineWish& wish, bool repeated,
                              const Config& config) {
  Libvirt libvirt(config.libvirt_uri);
  const hypervisor::Connection& connection = libvirt.connection();
  hypervisor::Adaptation adaptation =
      adapted(parts, wish, connection, config);  // refuses a name that is none of a file either
  DefinedMachine machine{.connection = connection.uri(),
                         .name = parts.name,
                         .uuid = parts.uuid,
                         .changes = std::move(adaptation.changes)};
  auto domain = repeated ? connection.find(parts.uuid) : std::nullopt;
  if (!domain) {
    place_firmware(parts, repeated);
    domain.emplace(connection.define(adaptation.xml));
  }
  refresh_pools(parts, connection);
  if (wish.start && !domain->active()) {
    domain->start();
    machine.started = true;
  }
  return machine;
}

std::string new_uuid() {
  std::random_device random;
  std::array<std::uint32_t, 4> words{};
  for (std::uint32_t& word : words)
    word = random();
  return fmt::format("{:08x}-{:04x}-4{:03x}-{:04x}-{:04x}{:08x}", words[0], words[1] >> 16, words[1] & 0xfff,
                     0x8000 | (words[2] >> 16 & 0x3fff), words[2] & 0xffff, words[3]);
}

}  // namespace jaunt::engine
