#include "hypervisor/adaptation.hpp"

#include <algorithm>

#include <doctest/doctest.h>
#include <fmt/format.h>

#include "base/error.hpp"
#include "hypervisor/xml.hpp"
#include "xml_samples.hpp"

using namespace jaunt;
using namespace jaunt::hypervisor;

namespace {

model::GuestAbility emulated_q35() {
  model::GuestAbility ability;
  ability.arch = "x86_64";
  ability.virtualization = "qemu";
  ability.emulator = "/usr/bin/qemu-system-x86_64";
  ability.machines = {"pc-q35-7.2", "q35", "pc"};
  ability.loaders = {"/usr/share/OVMF/OVMF_CODE_4M.fd"};
  return ability;
}

Arrangement as_copy(std::vector<PlacedDisk> disks = {}) {
  return {.name = "copy", .disks = std::move(disks)};
}

Adaptation adapted(const std::string& devices, const Arrangement& arrangement = as_copy()) {
  return adapt(domain_with(devices), emulated_q35(), arrangement);
}

bool contains(const std::string& text, std::string_view part) {
  return text.find(part) != text.npos;
}

// What a change says: "from > to".
std::string change(const Adaptation& adaptation, std::string_view what) {
  const auto found = std::ranges::find(adaptation.changes, what, &DefinitionChange::what);
  return found == adaptation.changes.end() ? "" : fmt::format("{} > {}", found->from, found->to);
}

base::ErrorKind refusal(const std::string& devices, const Arrangement& arrangement = as_copy()) {
  try {
    adapted(devices, arrangement);
  } catch (const base::Error& error) {
    return error.kind();
  }
  FAIL("nothing was refused");
  return {};
}

}  // namespace

TEST_CASE("A copy gets a name, a UUID and MAC addresses of its own") {
  const auto result =
      adapted("<interface type='network'><mac address='52:54:00:11:22:33'/><source network='default'/></interface>");
  CHECK(parse_domain(result.xml).hardware.name == "copy");
  CHECK_FALSE(contains(result.xml, "c7a5fdbd"));
  CHECK_FALSE(contains(result.xml, "52:54:00:11:22:33"));
  CHECK(change(result, "name") == "sample > copy");
  CHECK(change(result, "UUID") == "c7a5fdbd-cdaf-9455-926a-d65c16db1809 > a new one");
  CHECK(change(result, "interface 1: MAC address") == "52:54:00:11:22:33 > a new one");
}

TEST_CASE("A copy can be given a UUID") {
  auto arrangement = as_copy();
  arrangement.uuid = "11111111-2222-3333-4444-555555555555";
  CHECK(parse_domain(adapted("", arrangement).xml).hardware.uuid == arrangement.uuid);
}

TEST_CASE("A machine that leaves its source keeps who it is") {
  const auto result = adapted(
      "<interface type='network'><mac address='52:54:00:11:22:33'/><source network='default' "
      "portgroup='lab'/></interface>",
      {.name = "sample", .same_machine = true});
  CHECK(contains(result.xml, "c7a5fdbd-cdaf-9455-926a-d65c16db1809"));
  CHECK(contains(result.xml, "52:54:00:11:22:33"));
  CHECK(contains(result.xml, "portgroup=\"lab\""));
  REQUIRE(result.changes.size() == 1);
  CHECK(change(result, "virtualization") == "kvm > qemu");
}

TEST_CASE("Disks are where they were placed, in the format that they have there") {
  const auto result = adapted(
      "<disk type='block' device='lun' rawio='yes'><driver name='qemu' type='raw' cache='none' io='native'/>"
      "<source dev='/dev/sdb'><reservations managed='yes'/></source><backingStore type='file'><source "
      "file='/base'/></backingStore>"
      "<target dev='sda' bus='scsi'/></disk>"
      "<disk type='volume'><source pool='default' volume='x'/><target dev='vdb'/></disk>",
      as_copy({{"sda", "/images/copy-sda.qcow2", "qcow2"}, {"vdb", "/images/copy-vdb.raw", "raw"}}));
  const auto disks = parse_domain(result.xml).disks;
  REQUIRE(disks.size() == 2);
  CHECK(disks[0].source == "/images/copy-sda.qcow2");
  CHECK(disks[0].format == "qcow2");
  CHECK(disks[0].layers.size() == 1);
  CHECK(disks[1].source == "/images/copy-vdb.raw");
  CHECK(disks[1].source_type == "file");
  CHECK(contains(result.xml, "io=\"native\""));
  CHECK_FALSE(contains(result.xml, "rawio"));
  CHECK_FALSE(contains(result.xml, "lun"));
  CHECK(change(result, "disk vdb") == "default/x > /images/copy-vdb.raw");
}

TEST_CASE("A disk without a place is an error, a medium without one leaves an empty drive") {
  const std::string cdrom =
      "<disk type='file' device='cdrom'><source file='/iso/debian.iso'/><target dev='sda'/><readonly/></disk>";
  const std::string seed =
      "<disk type='file'><source file='/iso/web-seed.img'/><target dev='vdz'/><readonly/></disk>";
  const auto result = adapted(cdrom + seed);
  const auto disks = parse_domain(result.xml).disks;
  REQUIRE(disks.size() == 1);
  CHECK(disks[0].role == model::DiskRole::cdrom);
  CHECK(disks[0].source_type == "none");
  CHECK(change(result, "disk sda") == "/iso/debian.iso > empty");
  CHECK(change(result, "disk vdz") == "/iso/web-seed.img > ");
  CHECK(refusal("<disk type='file'><source file='/x'/><target dev='vda'/></disk>") == base::ErrorKind::usage);
  CHECK(refusal("<disk type='file'><source file='/x'><encryption format='luks'/></source><target dev='vda'/></disk>",
                as_copy({{"vda", "/y", "raw"}})) == base::ErrorKind::unsupported);
}

TEST_CASE("What reaches into this host is left out, and said") {
  const std::vector<std::pair<std::string, std::string>> hostile = {
      {"<filesystem type='mount'><source dir='/etc'/><target dir='x'/></filesystem>", "/etc"},
      {"<hostdev mode='subsystem' type='usb'><source><vendor id='0x1050'/></source></hostdev>", "0x1050"},
      {"<input type='evdev'><source dev='/dev/input/event0'/></input>", "event0"},
      {"<interface type='ethernet'><script path='/tmp/evil'/></interface>", "evil"},
      {"<interface type='network'><source network='default'/><script path='/tmp/evil'/></interface>", "evil"},
      {"<interface type='user'><rom file='/etc/shadow'/></interface>", "shadow"},
      {"<serial type='file'><source path='/etc/cron.d/x'/><target port='0'/></serial>", "cron.d"},
      {"<console type='pty'><log file='/etc/cron.d/x'/></console>", "cron.d"},
      {"<channel type='file'><source path='/etc/cron.d/x'/><target type='virtio' name='y'/></channel>", "cron.d"},
      {"<channel type='unix'><source mode='connect' path='/run/docker.sock'/><target type='virtio' "
       "name='y'/></channel>",
       "docker"},
      {"<rng model='virtio'><backend model='egd' type='unix'><source path='/run/docker.sock'/></backend></rng>",
       "docker"},
      {"<rng model='virtio'><backend model='random'>/etc/shadow</backend></rng>", "shadow"},
      {"<tpm model='tpm-tis'><backend type='passthrough'><device path='/dev/tpm0'/></backend></tpm>", "tpm0"},
      {"<graphics type='vnc' listen='0.0.0.0'><listen type='address' address='0.0.0.0'/></graphics>", "0.0.0.0"},
      {"<graphics type='vnc'><listen type='socket' socket='/run/x.sock'/></graphics>", "x.sock"},
      {"<memory model='nvdimm'><source><path>/dev/pmem0</path></source></memory>", "pmem0"},
      {"<shmem name='secret'/>", "secret"},
      {"<audio id='1' type='file' path='/etc/cron.d/x'/>", "cron.d"},
      {"<emulator>/tmp/evil</emulator>", "evil"},
  };
  for (const auto& [device, secret] : hostile) {
    CAPTURE(device);
    REQUIRE(contains(device, secret));
    const auto result = adapted(device);
    CHECK_FALSE(contains(result.xml, secret));
    CHECK(result.changes.size() > 3);  // beside virtualization, name and UUID
  }
}

TEST_CASE("Nothing outside of the devices reaches into this host either") {
  const std::string xml =
      "<domain type='kvm' "
      "xmlns:qemu='http://libvirt.org/schemas/domain/qemu/1.0'><name>x</name><uuid>u</uuid><memory>1</memory>"
      "<os><type arch='x86_64' machine='pc'>hvm</type><kernel>/etc/shadow</kernel><initrd>/boot/initrd</initrd>"
      "<loader>/tmp/evil.fd</loader><nvram template='/tmp/evil.vars'>/etc/passwd</nvram><acpi><table "
      "type='slic'>/tmp/evil.t</table></acpi></os>"
      "<sysinfo type='fwcfg'><entry name='opt/x' file='/etc/shadow'/></sysinfo><vcpu cpuset='0-3'>4</vcpu>"
      "<cputune><vcpupin vcpu='0' cpuset='1'/></cputune><resource><partition>/evil</partition></resource>"
      "<seclabel type='none'/><devices/>"
      "<qemu:commandline><qemu:arg value='-drive'/><qemu:arg value='file=/tmp/evil'/></qemu:commandline></domain>";
  const auto result = adapt(xml, emulated_q35(), as_copy());
  for (const char* word : {"/etc", "/boot", "evil", "cpuset", "seclabel", "commandline"})
    CHECK_FALSE(contains(result.xml, word));
  CHECK(change(result, "firmware") == "/tmp/evil.fd > /usr/share/OVMF/OVMF_CODE_4M.fd");
  CHECK(change(result, "firmware's variables") == "/etc/passwd > new ones");
  CHECK(change(result, "definition: qemu:commandline") == "set > ");
  CHECK(change(result, "kernel") == "/etc/shadow > ");

  auto allowing = as_copy();
  allowing.host_files = {"/etc/shadow", "/boot/initrd"};
  CHECK(contains(adapt(xml, emulated_q35(), allowing).xml, "/boot/initrd"));
}

TEST_CASE("Interfaces follow the policy of this host") {
  auto arrangement = as_copy();
  arrangement.networks = {{"network:lab", "bridge:br0"}, {"direct:eth0", "network:default"}};
  const auto result = adapted(
      "<interface type='network'><source network='lab' portgroup='p'/></interface>"
      "<interface type='direct'><source dev='eth0' mode='bridge'/></interface>"
      "<interface type='direct'><source dev='eth1' mode='bridge'/></interface>",
      arrangement);
  const auto interfaces = parse_domain(result.xml).hardware.interfaces;
  REQUIRE(interfaces.size() == 2);
  CHECK(interfaces[0].kind == "bridge");
  CHECK(interfaces[0].source == "br0");
  CHECK(interfaces[1].kind == "network");
  CHECK(interfaces[1].source == "default");
  CHECK(change(result, "interface 3") == "direct:eth1 > ");
}

TEST_CASE("Machine type and CPU become what this host can give") {
  const std::string xml =
      "<domain type='kvm'><name>x</name><memory>1</memory><os><type machine='pc-q35-9.1'>hvm</type></os>"
      "<cpu mode='host-passthrough' check='none' migratable='on'><topology sockets='1' cores='2' threads='1'/></cpu>"
      "<devices/></domain>";
  const auto result = adapt(xml, emulated_q35(), as_copy());
  CHECK(parse_domain(result.xml).hardware.machine == "q35");
  CHECK(parse_domain(result.xml).hardware.cpu_mode == "maximum");
  CHECK(contains(result.xml, "cores=\"2\""));
  CHECK(change(result, "machine type") == "pc-q35-9.1 > q35");

  auto kvm = emulated_q35();
  kvm.virtualization = "kvm";
  kvm.machines = {"pc-q35-9.1"};
  CHECK(parse_domain(adapt(xml, kvm, as_copy()).xml).hardware.cpu_mode == "host-passthrough");
  kvm.machines = {"virt"};
  CHECK_THROWS_AS(adapt(xml, kvm, as_copy()), base::Error);
}

TEST_CASE("A name that libvirt could not take is refused") {
  for (const char* name : {"", "a/b", "a\nb"})
    CHECK_THROWS_AS(adapted("", {.name = name}), base::Error);
}

TEST_CASE("A real UEFI guest keeps what is its own") {
  const auto result = adapt(kLiveUefiGuest, emulated_q35(), {.name = "web", .nvram = "/var/lib/jaunt/web_VARS.fd"});
  const auto before = parse_domain(kLiveUefiGuest).hardware;
  const auto after = parse_domain(result.xml).hardware;
  CHECK(after.memory == before.memory);
  CHECK(after.vcpus == before.vcpus);
  CHECK(after.interfaces.size() == 3);
  CHECK(after.tpm == before.tpm);
  CHECK(after.host_devices.empty());
  CHECK(after.firmware.kind == "uefi");
  CHECK(after.firmware.nvram == "/var/lib/jaunt/web_VARS.fd");
  CHECK(contains(result.xml, "org.qemu.guest_agent.0"));
  CHECK_FALSE(contains(result.xml, "domain-7-web"));
}
