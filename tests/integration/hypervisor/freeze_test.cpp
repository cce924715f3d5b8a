// A Linux guest with QEMU's agent, which writes all the time: its filesystem is frozen for the instant, and only
// then.
#include <thread>

#include <doctest/doctest.h>

#include "hypervisor/backup.hpp"
#include "hypervisor/scratch.hpp"
#include "support/skip.hpp"
#include "test_domain.hpp"

using namespace jaunt;
using namespace jaunt::hypervisor;
using namespace std::chrono_literals;

namespace {

// ext4 keeps "needs recovery" set while it is mounted, and clears it for as long as it is frozen.
bool needs_recovery(const BackupDisk& disk) {
  constexpr base::ByteOffset kIncompatibleFeatures{1024 + 0x60};
  constexpr std::uint32_t kRecover = 0x4;
  const auto image = disk::open_nbd(disk.address);
  base::Bytes features(4);
  image->reader()->read(kIncompatibleFeatures, features);
  return (base::load_le<std::uint32_t>(features) & kRecover) != 0;
}

template <typename Condition>
bool comes_true(Condition&& condition, std::chrono::seconds patience) {
  const auto deadline = std::chrono::steady_clock::now() + patience;
  while (!condition()) {
    if (std::chrono::steady_clock::now() > deadline)
      return false;
    std::this_thread::sleep_for(200ms);
  }
  return true;
}

}  // namespace

TEST_CASE("A guest with an agent is frozen for the instant, and goes on writing right after") {
  const ImageFolder folder;
  const auto made = run_program({JAUNT_AGENT_GUEST, folder.path().string()});
  JAUNT_SKIP_UNLESS(made.status.code != 77, made.err);
  REQUIRE_MESSAGE(made.status.success(), made.err);
  TestDomain domain("frozen", folder,
                    disk_xml(folder / "ext4.raw", "raw", "vda") +
                        "<channel type='unix'><target type='virtio' name='org.qemu.guest_agent.0'/></channel>",
                    fmt::format("<type arch='x86_64' machine='q35'>hvm</type><kernel>{}</kernel><initrd>{}</initrd>"
                                "<cmdline>quiet</cmdline>",
                                folder / "kernel", folder / "initrd"),
                    256);
  domain.create();
  REQUIRE(comes_true([&] { return parse_domain(domain.get().xml()).agent_connected; }, 120s));
  BackupOptions options;
  options.folder = folder.path() / "backup";

  Backup frozen = Backup::begin(domain.get(), options);
  CHECK_MESSAGE(frozen.frozen(), frozen.consistency());
  CHECK(frozen.consistency() == "the guest's filesystems were frozen for the instant");
  CHECK_FALSE(needs_recovery(frozen.disks().at(0)));
  CHECK_FALSE(std::filesystem::exists(frozen_note(options.folder)));
  const auto before = frozen.scratch_used();
  CHECK(comes_true([&] { return frozen.scratch_used() > before; }, 30s));
  frozen.finish();

  options.freeze = false;
  Backup running = Backup::begin(domain.get(), options);
  CHECK_FALSE(running.frozen());
  CHECK(running.consistency() == "as after a loss of power: freezing was not asked for");
  CHECK(needs_recovery(running.disks().at(0)));
  running.finish();
}
