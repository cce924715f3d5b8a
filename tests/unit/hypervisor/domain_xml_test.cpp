#include <doctest/doctest.h>

#include "base/error.hpp"
#include "hypervisor/xml.hpp"
#include "xml_samples.hpp"

using namespace jaunt;
using namespace jaunt::hypervisor;
using base::ErrorKind;

namespace {

model::Firmware firmware_with(const std::string& os) {
  return parse_domain("<domain><os>" + os + "</os></domain>").hardware.firmware;
}

base::ByteCount memory_with(const std::string& memory) {
  return parse_domain("<domain>" + memory + "</domain>").hardware.memory;
}

ErrorKind refusal_of(const std::string& xml) {
  try {
    parse_domain(xml);
  } catch (const base::Error& error) {
    return error.kind();
  }
  FAIL("accepted: " << xml.substr(0, 80));
  return ErrorKind::io;
}

}  // namespace

TEST_CASE("A live UEFI guest's machine is read from its definition") {
  const auto domain = parse_domain(kLiveUefiGuest);
  const auto& hardware = domain.hardware;
  CHECK(hardware.name == "web & mail");
  CHECK(hardware.uuid == "ace8e190-e277-427e-aa7e-1e810a4a4153");
  CHECK(hardware.virtualization == "qemu");
  CHECK(hardware.machine == "pc-q35-7.2");
  CHECK(hardware.arch == "x86_64");
  CHECK(hardware.emulator == "/usr/bin/qemu-system-x86_64");
  CHECK(hardware.vcpus == 2);
  CHECK(hardware.memory.value == 2 * base::kGiB);
  CHECK(hardware.cpu_mode == "custom");
  CHECK(hardware.cpu_model == "qemu64");
  CHECK(hardware.tpm == "tpm-crb emulator 2.0");
  CHECK(hardware.firmware == model::Firmware{.kind = "uefi",
                                             .loader = "/usr/share/OVMF/OVMF_CODE_4M.ms.fd",
                                             .nvram = "/var/lib/libvirt/qemu/nvram/web_VARS.fd",
                                             .secure_boot = true});
  CHECK(domain.agent_connected);
  CHECK(domain.owner == Account{.uid = 64055, .gid = 107});
}

TEST_CASE("Each kind of interface names what it is plugged into") {
  const auto interfaces = parse_domain(kLiveUefiGuest).hardware.interfaces;
  REQUIRE(interfaces.size() == 3);
  CHECK(interfaces[0] == model::NetworkInterface{
                             .mac = "52:54:00:fb:3c:d7", .model = "virtio", .kind = "network", .source = "default"});
  CHECK(interfaces[1] ==
        model::NetworkInterface{.mac = "52:54:00:00:00:02", .model = "", .kind = "bridge", .source = "br0"});
  CHECK(interfaces[2] ==
        model::NetworkInterface{.mac = "52:54:00:00:00:03", .model = "e1000", .kind = "user", .source = ""});
}

TEST_CASE("What ties a domain to this host's devices and folders is listed") {
  CHECK(parse_domain(kLiveUefiGuest).hardware.host_devices ==
        std::vector<std::string>{"pci 0000:01:1f.2", "usb 0x1050:0x0407", "mdev c2177883-f1bb-47f0-914d-32a22e3a8804",
                                 "filesystem /srv/share as share"});
  const auto passed = parse_domain(domain_with(
      "<interface type='hostdev'><source><address type='pci' bus='3' slot='0' function='1'/></source></interface>"));
  CHECK(passed.hardware.host_devices == std::vector<std::string>{"pci 0000:03:00.1"});
}

TEST_CASE("BIOS and UEFI are told apart however the definition says it") {
  CHECK(firmware_with("<type>hvm</type>").kind == "bios");
  CHECK(firmware_with("<loader type='rom'>/usr/share/seabios/bios.bin</loader>").kind == "bios");
  CHECK(firmware_with("<loader type='rom'>/usr/share/ovmf/OVMF.fd</loader>").kind == "uefi");
  CHECK(firmware_with("<loader type='pflash'>/opt/fw/code.bin</loader>").kind == "uefi");
  CHECK_FALSE(firmware_with("<loader type='pflash' secure='no'>/opt/fw/code.bin</loader>").secure_boot);
  const auto file = firmware_with("<nvram type='file'><source file='/nv/a.fd'/></nvram>");
  CHECK(file.kind == "uefi");
  CHECK(file.nvram == "/nv/a.fd");
  auto automatic = parse_domain("<domain><os firmware='efi'><type>hvm</type></os></domain>");
  CHECK(automatic.hardware.firmware.kind == "uefi");
  CHECK(automatic.hardware.firmware.loader.empty());
}

TEST_CASE("Memory is read in every unit that libvirt accepts") {
  CHECK(memory_with("<memory>1024</memory>").value == base::kMiB);
  CHECK(memory_with("<memory unit='b'>512</memory>").value == 512);
  CHECK(memory_with("<memory unit='bytes'>512</memory>").value == 512);
  CHECK(memory_with("<memory unit='KB'>3</memory>").value == 3000);
  CHECK(memory_with("<memory unit='M'>3</memory>").value == 3 * base::kMiB);
  CHECK(memory_with("<memory unit='GB'>3</memory>").value == 3'000'000'000);
  CHECK(memory_with("<memory unit='TiB'>3</memory>").value == 3 * base::kTiB);
  CHECK(memory_with("").value == 0);
}

TEST_CASE("An amount of memory that means nothing is refused") {
  CHECK(refusal_of("<domain><memory>much</memory></domain>") == ErrorKind::corrupt);
  CHECK(refusal_of("<domain><memory>-1</memory></domain>") == ErrorKind::corrupt);
  CHECK(refusal_of("<domain><memory unit='furlong'>1</memory></domain>") == ErrorKind::corrupt);
  CHECK(refusal_of("<domain><memory unit='EiB'>16</memory></domain>") == ErrorKind::corrupt);
}

TEST_CASE("A definition with a document type is refused, so that no entity can be declared") {
  CHECK(refusal_of("<!DOCTYPE domain [<!ENTITY a SYSTEM 'file:///etc/shadow'>]><domain><name>&a;</name></domain>") ==
        ErrorKind::unsupported);
}

TEST_CASE("Undeclared entities stay text") {
  CHECK(parse_domain("<domain><name>&secret;</name></domain>").hardware.name == "&secret;");
}

TEST_CASE("A definition that is too large, broken or of something else is refused") {
  CHECK(refusal_of("<domain>" + std::string(kXmlMax.value, ' ') + "</domain>") == ErrorKind::limit);
  CHECK(refusal_of("<domain><name>x</domain>") == ErrorKind::corrupt);
  CHECK(refusal_of("") == ErrorKind::corrupt);
  CHECK(refusal_of("<network/>") == ErrorKind::corrupt);
}

TEST_CASE("Deeply nested elements do not exhaust the stack") {
  std::string xml = "<domain>";
  for (int i = 0; i < 500'000; ++i)
    xml += "<a>";
  CHECK(refusal_of(xml) == ErrorKind::corrupt);
  for (int i = 0; i < 500'000; ++i)
    xml += "</a>";
  CHECK(parse_domain(xml + "</domain>").hardware.name.empty());
}

TEST_CASE("A domain without a guest agent, or with one that does not answer, is known") {
  CHECK_FALSE(parse_domain(domain_with("")).agent_connected);
  CHECK_FALSE(parse_domain(domain_with("<channel type='unix'><target type='virtio' name='org.qemu.guest_agent.0' "
                                       "state='disconnected'/></channel>"))
                  .agent_connected);
}

TEST_CASE("An account is only taken from a numeric label") {
  const auto labelled = [](const std::string& label) {
    return parse_domain("<domain><seclabel model='dac'><label>" + label + "</label></seclabel></domain>").owner;
  };
  CHECK(labelled("+1:+2") == Account{.uid = 1, .gid = 2});
  CHECK_FALSE(labelled("root:root"));
  CHECK_FALSE(labelled("+1"));
  CHECK_FALSE(labelled(""));
}

TEST_CASE("Internal and external snapshots are told apart") {
  const auto snapshot = [](const std::string& inner) {
    return parse_snapshot(
        "<domainsnapshot><name>s2</name><state>running</state><parent><name>s1</name></parent>"
        "<creationTime>1700000000</creationTime>" +
        inner + "</domainsnapshot>");
  };
  const auto internal =
      snapshot("<memory snapshot='internal'/><disks><disk name='vda' snapshot='internal'/></disks>");
  CHECK(internal == model::Snapshot{.name = "s2",
                                    .parent = "s1",
                                    .state = "running",
                                    .created = 1700000000,
                                    .current = false,
                                    .external = false});
  CHECK(snapshot("<memory snapshot='no'/><disks><disk name='vda' snapshot='external'/></disks>").external);
  CHECK(snapshot("<memory snapshot='external' file='/m'/>").external);
}

TEST_CASE("A snapshot's disks are those that it left in files of their own") {
  const auto disks = parse_snapshot_disks(
      "<domainsnapshot><name>s</name><disks><disk name='vda' snapshot='external'><source file='/new'/></disk>"
      "<disk name='vdb' snapshot='internal'/><disk name='vdc' snapshot='no'/></disks><domain><devices>"
      "<disk type='file'><driver type='qcow2'/><source file='/old'/><target dev='vda'/></disk>"
      "<disk type='file'><source file='/other'/><target dev='vdb'/></disk></devices></domain></domainsnapshot>");
  REQUIRE(disks.size() == 1);
  CHECK(disks[0].target == "vda");
  CHECK(disks[0].source == "/old");
  CHECK(disks[0].format == "qcow2");
  CHECK(parse_snapshot_disks("<domainsnapshot><name>s</name></domainsnapshot>").empty());
}

TEST_CASE("A running backup names its socket and scratch files") {
  const auto backup = parse_backup(
      "<domainbackup mode='pull'><server transport='unix' socket='/x/nbd.sock'/><disks>"
      "<disk name='vda' backup='yes' type='file'><driver type='qcow2'/><scratch file='/x/vda.scratch'/></disk>"
      "<disk name='sda' backup='no'/></disks></domainbackup>");
  CHECK(backup.pull);
  CHECK(backup.socket == "/x/nbd.sock");
  CHECK(backup.scratch_files == std::vector<std::string>{"/x/vda.scratch"});
  const auto push = parse_backup(
      "<domainbackup mode='push'><disks><disk name='vda' type='block'><target dev='/dev/sdx'/></disk></disks>"
      "</domainbackup>");
  CHECK_FALSE(push.pull);
  CHECK(push.scratch_files == std::vector<std::string>{"/dev/sdx"});
}

TEST_CASE("The emulator is found in domain capabilities") {
  CHECK(parse_emulator("<domainCapabilities><path>/usr/bin/qemu-system-x86_64</path></domainCapabilities>") ==
        "/usr/bin/qemu-system-x86_64");
  CHECK(parse_emulator("<domainCapabilities/>").empty());
}
