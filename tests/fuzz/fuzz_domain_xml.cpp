// hypervisor's XML readers: definitions come with capsules and from peers too.
#include <cstdint>

#include "expect.hpp"
#include "hypervisor/adaptation.hpp"
#include "hypervisor/xml.hpp"

using namespace jaunt;

namespace {

// What was made fit for a host needs no further change.
void adapt_twice(std::string_view xml) {
  model::GuestAbility ability;
  ability.virtualization = "qemu";
  ability.emulator = "/usr/bin/qemu-system-x86_64";
  ability.machines = {"q35", "pc"};
  ability.loaders = {"/usr/share/OVMF/OVMF_CODE_4M.fd"};
  hypervisor::Arrangement arrangement{.name = "x", .same_machine = true, .nvram = "/images/x.fd"};
  const auto parsed = hypervisor::parse_domain(xml);
  ability.machines.push_back(parsed.hardware.machine);
  for (const auto& disk : parsed.disks)
    arrangement.disks.push_back({disk.target, "/images/x.qcow2", "qcow2"});
  const auto once = hypervisor::adapt(xml, ability, arrangement);
  const auto twice = hypervisor::adapt(once.xml, ability, arrangement);
  fuzz::require(twice.changes.empty(), "a machine is adapted once");
  fuzz::require(twice.xml == once.xml, "adapting changes what it says");
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view xml = fuzz::text(fuzz::input(data, size));
  fuzz::expect_only_refusals([&] {
    for (const auto& disk : hypervisor::parse_domain(xml).disks) {
      fuzz::require(disk.source.empty() == (disk.source_type == "none"), "a medium has a place");
      fuzz::require(disk.source.empty() == disk.layers.empty(), "a medium has a file");
      fuzz::require(disk.layers.size() <= hypervisor::kChainMax, "a backing chain is bounded");
    }
  });
  fuzz::expect_only_refusals([&] { adapt_twice(xml); });
  fuzz::expect_only_refusals([&] { hypervisor::parse_snapshot(xml); });
  fuzz::expect_only_refusals([&] { hypervisor::parse_snapshot_disks(xml); });
  fuzz::expect_only_refusals([&] { hypervisor::parse_backup(xml); });
  fuzz::expect_only_refusals([&] { hypervisor::parse_emulator(xml); });
  return 0;
}
