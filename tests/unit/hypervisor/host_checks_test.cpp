#include <algorithm>

#include <doctest/doctest.h>

#include "hypervisor/host.hpp"

using namespace jaunt;
using namespace jaunt::hypervisor;

namespace {

HostFacts sound_host() {
  HostFacts facts;
  facts.libvirt = {.uri = "qemu:///system",
                   .error = "",
                   .remedy = "",
                   .library_version = "9.0.0",
                   .daemon_version = "9.0.0",
                   .hypervisor_version = "7.2.0"};
  facts.emulator = "/usr/bin/qemu-system-x86_64";
  facts.kvm = {.present = true, .usable = true, .why = ""};
  facts.appliance = {.fixed = "",
                     .supermin = true,
                     .parts = true,
                     .kernel_chosen = false,
                     .kernels = {{.path = "/boot/vmlinuz-6.1", .readable = true, .modules = true}}};
  facts.qemu_img = "/usr/bin/qemu-img";
  facts.qemu_nbd = "/usr/bin/qemu-nbd";
  facts.folders = {{.purpose = "scratch",
                    .path = "/var/lib/jaunt/scratch",
                    .existing = "/var/lib/jaunt/scratch",
                    .writable = true,
                    .closed_to_qemu = std::nullopt,
                    .free = base::ByteCount(20 * base::kGiB),
                    .wanted = base::ByteCount(base::kGiB),
                    .error = ""}};
  facts.rights = {.user = "root", .root = true, .libvirt_group = false, .kvm_group = false};
  facts.fences = true;
  facts.clock = {.plausible = true, .synchronised = true};
  return facts;
}

// The one check of a host that is not ok.
Check only_complaint(const HostFacts& facts) {
  auto checks = judge(facts);
  std::erase_if(checks, [](const Check& check) { return check.verdict == Verdict::ok; });
  REQUIRE(checks.size() == 1);
  CHECK_FALSE(checks[0].found.empty());
  CHECK_FALSE(checks[0].remedy.empty());
  return checks[0];
}

void expect(const HostFacts& facts, const std::string& name, Verdict verdict, const char* found, const char* remedy) {
  const Check check = only_complaint(facts);
  CHECK(check.name == name);
  CHECK(check.verdict == verdict);
  CHECK_MESSAGE(check.found.find(found) != std::string::npos, check.found);
  CHECK_MESSAGE(check.remedy.find(remedy) != std::string::npos, check.remedy);
}

}  // namespace

TEST_CASE("A sound host passes every check and is told what was found") {
  for (const auto& check : judge(sound_host())) {
    CHECK_MESSAGE(check.verdict == Verdict::ok, check.name);
    CHECK_FALSE(check.found.empty());
    CHECK(check.remedy.empty());
  }
}

TEST_CASE("A libvirt that is down is broken, with the connection's own remedy") {
  auto facts = sound_host();
  facts.libvirt.error = "cannot connect to qemu:///system: no such socket";
  facts.libvirt.remedy = "start the daemon";
  expect(facts, "libvirt", Verdict::broken, "no such socket", "start the daemon");
}

TEST_CASE("A host without QEMU or its tools is broken") {
  auto facts = sound_host();
  facts.emulator = "";
  expect(facts, "qemu", Verdict::broken, "no QEMU", "qemu-system-x86");
  facts = sound_host();
  facts.qemu_nbd = "";
  expect(facts, "tools", Verdict::broken, "qemu-nbd", "qemu-utils");
  facts = sound_host();
  facts.qemu_img = "";
  expect(facts, "tools", Verdict::broken, "qemu-img", "qemu-utils");
}

TEST_CASE("An unusable KVM is a warning, whose remedy depends on what is wrong") {
  auto facts = sound_host();
  facts.kvm = {.present = false, .usable = false, .why = "/dev/kvm does not exist"};
  expect(facts, "kvm", Verdict::warning, "emulated", "kvm_intel");
  facts.kvm = {.present = true, .usable = false, .why = "this user may not open /dev/kvm"};
  expect(facts, "kvm", Verdict::warning, "may not open", "group kvm");
  facts.kvm = {.present = true, .usable = false, .why = "QEMU ended with signal 6: failed to set MSR"};
  expect(facts, "kvm", Verdict::warning, "failed to set MSR", "broken");
}

TEST_CASE("An appliance without parts or a kernel it can use is broken, each for its own reason") {
  auto facts = sound_host();
  facts.appliance.supermin = false;
  expect(facts, "appliance", Verdict::broken, "no appliance", "supermin");
  facts = sound_host();
  facts.appliance.kernels.clear();
  expect(facts, "appliance", Verdict::broken, "no kernel", "linux-image-cloud-amd64");
  facts = sound_host();
  facts.appliance.kernels[0].readable = false;
  expect(facts, "appliance", Verdict::broken, "may be read", "chmod 0644 /boot/vmlinuz-6.1");
  facts = sound_host();
  facts.appliance.kernels[0].modules = false;
  expect(facts, "appliance", Verdict::broken, "modules", "anew");
  facts.appliance.kernel_chosen = true;
  expect(facts, "appliance", Verdict::broken, "chosen kernel", "SUPERMIN_KERNEL");
}

TEST_CASE("One kernel that can be used is enough, and a fixed appliance needs none") {
  auto facts = sound_host();
  facts.appliance.kernels.insert(facts.appliance.kernels.begin(),
                                 {.path = "/boot/vmlinuz-5.10", .readable = false, .modules = false});
  for (const auto& check : judge(facts))
    CHECK(check.verdict == Verdict::ok);
  facts.appliance = {.fixed = "/usr/lib/guestfs/appliance",
                     .supermin = false,
                     .parts = false,
                     .kernel_chosen = false,
                     .kernels = {}};
  for (const auto& check : judge(facts))
    CHECK(check.verdict == Verdict::ok);
}

TEST_CASE("A folder must be there, writable and large enough") {
  auto facts = sound_host();
  facts.folders[0].error = "/var/lib/jaunt/scratch is no folder";
  expect(facts, "scratch", Verdict::broken, "no folder", "/var/lib/jaunt/scratch");
  facts = sound_host();
  facts.folders[0].writable = false;
  expect(facts, "scratch", Verdict::broken, "not writable", "run as root");
  facts = sound_host();
  facts.folders[0].free = base::ByteCount(base::kMiB);
  expect(facts, "scratch", Verdict::broken, "only 1.00 MiB free", "make room for 1.00 GiB");
}

TEST_CASE("A scratch folder that QEMU cannot get to is a warning that names the closed folder") {
  auto facts = sound_host();
  facts.folders[0].closed_to_qemu = "/var/lib/jaunt";
  expect(facts, "scratch", Verdict::warning, "may not enter /var/lib/jaunt,", "chmod o+x /var/lib/jaunt,");
}

TEST_CASE("Rights that are missing are named with the group that gives them") {
  auto facts = sound_host();
  facts.rights = {.user = "eve", .root = false, .libvirt_group = false, .kvm_group = false};
  expect(facts, "rights", Verdict::broken, "eve", "adduser eve libvirt");
  facts.rights.libvirt_group = true;
  expect(facts, "rights", Verdict::warning, "eve", "run as root");
}

TEST_CASE("A kernel that cannot fence programs, and a clock that is wrong, are told") {
  auto facts = sound_host();
  facts.fences = false;
  expect(facts, "fence", Verdict::broken, "Landlock", "5.13");
  facts = sound_host();
  facts.clock.synchronised = false;
  expect(facts, "clock", Verdict::warning, "synchronised", "chrony");
  facts.clock.plausible = false;
  expect(facts, "clock", Verdict::broken, "clock", "chrony");
}
