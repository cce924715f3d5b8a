#include "match/blockers.hpp"

#include <algorithm>
#include <functional>

#include <doctest/doctest.h>

using namespace jaunt;

namespace {

// A server on a host that can take it, each open to being spoilt.
struct Story {
  model::Description description;
  match::Arrival arrival{.name = "web",
                         .uuid = "u-1",
                         .cpu_features = {"avx2"},
                         .pools = {"default"},
                         .space = base::ByteCount(2 * base::kGiB),
                         .with_memory = false};
  model::HostAbility host;

  Story() {
    auto& hardware = description.hardware.emplace();
    hardware.name = "web";
    hardware.virtualization = "kvm";
    hardware.machine = "pc-q35-7.2";
    hardware.emulator = "/usr/bin/qemu-system-x86_64";
    hardware.arch = "x86_64";
    hardware.vcpus = 2;
    hardware.memory = base::ByteCount(2 * base::kGiB);
    hardware.cpu_mode = "custom";
    hardware.cpu_model = "Skylake-Server";
    hardware.firmware = {.kind = "uefi", .loader = "/fw/OVMF.fd", .nvram = "/nvram/web.fd", .secure_boot = true};
    hardware.interfaces = {{.mac = "52:54:00:00:00:01", .model = "virtio", .kind = "network", .source = "default"},
                           {.mac = "52:54:00:00:00:02", .model = "virtio", .kind = "bridge", .source = "br0"}};
    host.name = "two";
    host.connection = "qemu:///system";
    host.guests = {{.arch = "x86_64",
                    .virtualization = "kvm",
                    .emulator = "/usr/bin/qemu-system-x86_64",
                    .machines = {"pc-q35-7.2", "q35", "pc"},
                    .cpu_models = {"Skylake-Server", "qemu64"},
                    .vcpus_max = 255,
                    .loaders = {"/fw/OVMF.fd"},
                    .secure_boot = true,
                    .tpm_emulator = true}};
    host.cpu_features = {"avx", "avx2"};
    host.cpus = 8;
    host.memory = base::ByteCount(16 * base::kGiB);
    host.memory_available = base::ByteCount(8 * base::kGiB);
    host.networks = {"default"};
    host.bridges = {"br0"};
    host.pools = {"default"};
    host.domains = {{.name = "other", .uuid = "u-2"}};
    host.folder = {.path = "/images", .writable = true, .free = base::ByteCount(10 * base::kGiB)};
  }

  model::Hardware& hardware() { return *description.hardware; }
  model::GuestAbility& guests() { return host.guests.front(); }
  std::vector<model::Blocker> judged() const { return match::judge(description, arrival, host); }
};

struct Spoilt {
  const char* subject;
  bool fatal;
  const char* found;  // part of it
  std::function<void(Story&)> spoil;
};

}  // namespace

TEST_CASE("Nothing stands in the way of a VM that its host can take") {
  CHECK(Story().judged().empty());
}

TEST_CASE("Each obstacle is found by itself, with its severity, and named") {
  const std::vector<Spoilt> all{
      {"space", true, "10.0 GiB free and 11.0 GiB are needed",
       [](Story& s) { s.arrival.space = base::ByteCount(11 * base::kGiB); }},
      {"space", true, "/images is not writable", [](Story& s) { s.host.folder->writable = false; }},
      {"hypervisor", true, "two has no libvirt", [](Story& s) { s.host.connection.clear(); }},
      {"name", true, "named web",
       [](Story& s) {
         s.host.domains.push_back({"web", "u-3"});
       }},
      {"name", true, "UUID u-1",
       [](Story& s) {
         s.host.domains.push_back({"copy", "u-1"});
       }},
      {"architecture", true, "aarch64", [](Story& s) { s.hardware().arch = "aarch64"; }},
      {"virtualization", false, "many times slower", [](Story& s) { s.guests().virtualization = "qemu"; }},
      {"emulator", false, "/opt/qemu becomes /usr/bin/qemu-system-x86_64",
       [](Story& s) { s.hardware().emulator = "/opt/qemu"; }},
      {"machine", false, "pc-q35-8.0 becomes the host's q35", [](Story& s) { s.hardware().machine = "pc-q35-8.0"; }},
      {"machine", true, "no machine type microvm", [](Story& s) { s.hardware().machine = "microvm"; }},
      {"cpu", true, "Skylake-Server", [](Story& s) { s.guests().cpu_models = {"qemu64"}; }},
      {"cpu", true, "avx512f, amx",
       [](Story& s) {
         s.arrival.cpu_features = {"avx", "avx512f", "amx"};
       }},
      {"cpu", true, "cannot be what its definition asks for", [](Story& s) { s.host.cpu_accepted = false; }},
      {"cpu", true, "at most 1", [](Story& s) { s.guests().vcpus_max = 1; }},
      {"cpu", false, "the host only 1", [](Story& s) { s.host.cpus = 1; }},
      {"firmware", true, "no such firmware", [](Story& s) { s.guests().loaders.clear(); }},
      {"firmware", true, "secure boot", [](Story& s) { s.guests().secure_boot = false; }},
      {"firmware", false, "becomes /fw/other.fd", [](Story& s) { s.guests().loaders = {"/fw/other.fd"}; }},
      {"firmware", false, "no boot entries", [](Story& s) { s.hardware().firmware.nvram.clear(); }},
      {"tpm", true, "cannot emulate one",
       [](Story& s) {
         s.hardware().tpm = "tpm-crb emulator 2.0";
         s.guests().tpm_emulator = false;
       }},
      {"tpm", true, "would stay behind", [](Story& s) { s.hardware().tpm = "tpm-crb emulator 2.0"; }},
      {"identity", false, "machine id", [](Story& s) { s.arrival.uuid.clear(); }},
      {"memory", true, "the host only 1.00 GiB", [](Story& s) { s.host.memory = base::ByteCount(base::kGiB); }},
      {"memory", false, "available", [](Story& s) { s.host.memory_available = base::ByteCount(base::kGiB); }},
      {"network", true, "no active network default", [](Story& s) { s.host.networks.clear(); }},
      {"network", true, "no bridge br0", [](Story& s) { s.host.bridges = {"br1"}; }},
      {"pool", true, "no active pool default", [](Story& s) { s.host.pools.clear(); }},
      {"files", true, "/boot/vmlinuz", [](Story& s) { s.host.missing_files = {"/boot/vmlinuz"}; }},
      {"devices", true, "0000:01:00.0", [](Story& s) { s.hardware().host_devices = {"pci 0000:01:00.0"}; }},
      {"snapshots", false, "2 snapshots", [](Story& s) { s.hardware().snapshots.resize(2); }},
      {"checkpoints", false, "1 checkpoints", [](Story& s) { s.hardware().checkpoints = {"c"}; }},
      {"memory", false, "saved state", [](Story& s) { s.hardware().managed_save = true; }},
  };
  for (const Spoilt& one : all) {
    CAPTURE(one.found);
    Story story;
    one.spoil(story);
    const auto found = story.judged();
    REQUIRE(found.size() == 1);
    CHECK(found[0].subject == one.subject);
    CHECK(found[0].fatal == one.fatal);
    CHECK(found[0].found.find(one.found) != std::string::npos);
    if (one.fatal)
      CHECK_FALSE(found[0].remedy.empty());
  }
}

TEST_CASE("What can be adapted for a fresh start stops a running state") {
  Story story;
  story.arrival.with_memory = true;
  CHECK(story.judged().empty());
  story.hardware().machine = "pc-q35-8.0";
  story.guests().virtualization = "qemu";
  const auto found = story.judged();
  REQUIRE(found.size() == 2);
  CHECK(found[0].fatal);
  CHECK(found[1].fatal);
  Story uncompared;
  uncompared.arrival.with_memory = true;
  uncompared.hardware().cpu_mode = "host-passthrough";
  uncompared.hardware().cpu_model.clear();
  REQUIRE(uncompared.judged().size() == 1);
  CHECK(uncompared.judged()[0].found.find("not compared") != std::string::npos);
  uncompared.host.cpu_accepted = true;
  CHECK(uncompared.judged().empty());
}

TEST_CASE("Of a bare image, and of disks alone, only the room counts") {
  Story image;
  image.description.hardware.reset();
  image.host = {};
  CHECK(image.judged().empty());
  Story disks;
  disks.arrival.name.clear();
  disks.host.guests.clear();
  CHECK(disks.judged().empty());
  disks.arrival.space = base::ByteCount(base::kTiB);
  CHECK(disks.judged().size() == 1);
}

TEST_CASE("What is not known of a host is not held against it") {
  Story story;
  story.guests().machines.clear();
  story.guests().cpu_models.clear();
  story.guests().vcpus_max = 0;
  story.host.cpu_features.clear();
  story.host.cpus = 0;
  story.host.memory = {};
  story.host.memory_available = {};
  story.host.folder.reset();
  CHECK(story.judged().empty());
}

TEST_CASE("What is fatal comes first, and hostile names are printed harmlessly") {
  Story story;
  story.hardware().snapshots.resize(1);
  story.host.networks.clear();
  story.hardware().interfaces[0].source = "\x1b[31mred";
  const auto found = story.judged();
  REQUIRE(found.size() == 2);
  CHECK(found[0].fatal);
  CHECK_FALSE(found[1].fatal);
  CHECK(found[0].found.find('\x1b') == std::string::npos);
}

TEST_CASE("Of several emulators the one that comes nearest is judged") {
  Story story;
  model::GuestAbility slow = story.guests();
  slow.virtualization = "qemu";
  slow.machines = {"pc"};
  story.host.guests.insert(story.host.guests.begin(), slow);
  CHECK(story.judged().empty());
}
