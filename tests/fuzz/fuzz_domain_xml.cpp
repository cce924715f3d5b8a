// hypervisor's XML readers: definitions come with capsules and from peers too.
#include <cstdint>

#include "expect.hpp"
#include "hypervisor/xml.hpp"

using namespace jaunt;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view xml = fuzz::text(fuzz::input(data, size));
  fuzz::expect_only_refusals([&] {
    for (const auto& disk : hypervisor::parse_domain(xml).disks) {
      fuzz::require(disk.source.empty() == (disk.source_type == "none"), "a medium has a place");
      fuzz::require(disk.source.empty() == disk.layers.empty(), "a medium has a file");
      fuzz::require(disk.layers.size() <= hypervisor::kChainMax, "a backing chain is bounded");
    }
  });
  fuzz::expect_only_refusals([&] { hypervisor::parse_snapshot(xml); });
  fuzz::expect_only_refusals([&] { hypervisor::parse_snapshot_disks(xml); });
  fuzz::expect_only_refusals([&] { hypervisor::parse_backup(xml); });
  fuzz::expect_only_refusals([&] { hypervisor::parse_emulator(xml); });
  return 0;
}
