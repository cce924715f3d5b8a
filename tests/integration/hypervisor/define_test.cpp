// Definitions adapted to this host are what its libvirt takes and runs.
#include <doctest/doctest.h>

#include "base/error.hpp"
#include "hypervisor/ability.hpp"
#include "hypervisor/adaptation.hpp"
#include "hypervisor/storage.hpp"
#include "test_domain.hpp"

using namespace jaunt;
using namespace jaunt::hypervisor;

namespace {

// A domain that the code under test defines.
class DefinedDomain {
 public:
  explicit DefinedDomain(const std::string& name) : name_(name + fmt::format("-{}", ::getpid())) {}
  ~DefinedDomain() {
    run_program({"virsh", "-q", "-c", test_uri(), "destroy", name_});
    run_program({"virsh", "-q", "-c", test_uri(), "undefine", name_, "--nvram"});
  }
  DefinedDomain(const DefinedDomain&) = delete;
  DefinedDomain& operator=(const DefinedDomain&) = delete;

  const std::string& name() const { return name_; }

 private:
  std::string name_;
};

model::GuestAbility emulation(const Connection& connection) {
  for (const auto& guest : ability_of(connection, "x86_64", {}).guests)
    if (guest.arch == "x86_64" && guest.virtualization == "qemu")
      return guest;
  FAIL("libvirt here emulates no x86_64 guests");
  return {};
}

// What the other host's libvirt made of a machine with a bit of everything.
const char* const kForeign = R"(<domain type='kvm' id='3' xmlns:qemu='http://libvirt.org/schemas/domain/qemu/1.0'>
  <name>foreign</name><uuid>c7a5fdbd-cdaf-9455-926a-d65c16db1809</uuid><genid>43dc0cf8-809b-4adb-9bea-a9abb5f3d90e</genid>
  <metadata><app:note xmlns:app='http://example.com/app'>kept</app:note></metadata>
  <memory unit='MiB'>32</memory><currentMemory unit='MiB'>32</currentMemory>
  <vcpu placement='static' cpuset='8-9'>1</vcpu><iothreads>1</iothreads>
  <cputune><vcpupin vcpu='0' cpuset='8'/></cputune><resource><partition>/machine/other</partition></resource>
  <os><type arch='x86_64' machine='pc-q35-99.0'>hvm</type><boot dev='hd'/><smbios mode='sysinfo'/></os>
  <sysinfo type='smbios'><system><entry name='manufacturer'>Someone</entry>
    <entry name='uuid'>c7a5fdbd-cdaf-9455-926a-d65c16db1809</entry></system></sysinfo>
  <features><acpi/><apic/></features><cpu mode='host-passthrough' check='none' migratable='on'/>
  <clock offset='utc'><timer name='rtc' tickpolicy='catchup'/></clock>
  <devices>
    <emulator>/opt/other/qemu</emulator>
    <disk type='block' device='disk'><driver name='qemu' type='raw' cache='none' io='native' iothread='1'/>
      <source dev='/dev/vg/foreign' index='2'/><backingStore/><target dev='vda' bus='virtio'/><serial>abc</serial>
      <alias name='virtio-disk0'/></disk>
    <disk type='file' device='cdrom'><driver name='qemu' type='raw'/><source file='/iso/x.iso'/><target dev='sda' bus='sata'/><readonly/></disk>
    <interface type='bridge'><mac address='52:54:00:00:00:09'/><source bridge='br-of-another-host'/><target dev='vnet7'/><model type='virtio'/></interface>
    <serial type='file'><source path='/var/log/foreign.log'/><target port='0'/></serial>
    <console type='pty' tty='/dev/pts/9'><source path='/dev/pts/9'/><target type='virtio' port='1'/></console>
    <channel type='unix'><source mode='bind' path='/var/lib/libvirt/qemu/channel/target/domain-3-foreign/org.qemu.guest_agent.0'/>
      <target type='virtio' name='org.qemu.guest_agent.0' state='disconnected'/></channel>
    <input type='tablet' bus='usb'/>
    <graphics type='vnc' port='5907' autoport='no' listen='0.0.0.0'><listen type='address' address='0.0.0.0'/></graphics>
    <sound model='ich9'><audio id='1'/></sound><audio id='1' type='pulseaudio' serverName='/run/pulse'/>
    <video><model type='virtio' heads='1'/></video>
    <watchdog model='i6300esb' action='reset'/><memballoon model='virtio'/>
    <rng model='virtio'><backend model='egd' type='udp'><source mode='connect' host='127.0.0.1' service='5708'/></backend></rng>
    <hostdev mode='subsystem' type='usb'><source><vendor id='0x1050'/><product id='0x0407'/></source></hostdev>
    <filesystem type='mount'><source dir='/srv'/><target dir='x'/></filesystem>
  </devices>
  <seclabel type='static' model='selinux'><label>system_u:object_r:x</label></seclabel>
  <qemu:commandline><qemu:arg value='-evil'/></qemu:commandline>
</domain>)";

}  // namespace

TEST_CASE("A machine of another host is defined, starts, and is undefined without a trace") {
  const ImageFolder folder;
  const DefinedDomain target("jaunt-test-adapted");
  const auto connection = Connection::open(test_uri());
  const std::string image = folder.image("vda.qcow2", "qcow2", 8);
  const auto adapted = adapt(kForeign, emulation(connection),
                             {.name = target.name(),
                              .disks = {{"vda", image, "qcow2"}},
                              .networks = {{"bridge:br-of-another-host", "user:"}}});
  INFO(adapted.xml);
  const Domain domain = connection.define(adapted.xml);
  CHECK_FALSE(domain.active());
  CHECK(domain.uuid() != "c7a5fdbd-cdaf-9455-926a-d65c16db1809");
  CHECK(domain.xml().find("kept") != std::string::npos);
  domain.start();
  CHECK(domain.active());
  std::vector<model::Problem> problems;
  const auto disks = domain.disks(problems);
  REQUIRE(disks.size() == 2);
  CHECK(disks[0].source == image);
  CHECK(disks[1].source_type == "none");

  virsh({"destroy", target.name()});
  domain.undefine();
  CHECK_FALSE(connection.find(target.name()));
  CHECK(std::filesystem::exists(image));
}

TEST_CASE("A name that is taken is refused, and the domain that has it stays as it was") {
  const ImageFolder folder;
  TestDomain domain("taken", folder, disk_xml(folder.image("a.raw", "raw", 8), "raw", "vda"));
  domain.define();
  const std::string before = domain.get().inactive_xml();
  const auto connection = Connection::open(test_uri());
  const auto same = adapt(before, emulation(connection),
                          {.name = domain.name(), .same_machine = true, .disks = {{"vda", folder / "b.raw", "raw"}}});
  CHECK_THROWS_AS(connection.define(same.xml), base::Error);
  CHECK(domain.get().inactive_xml() == before);
}

TEST_CASE("A pool is told that a file came into its folder") {
  const ImageFolder folder;
  std::filesystem::create_directory(folder.path() / "pool");
  const std::string pool = fmt::format("jaunt-test-refreshed-{}", ::getpid());
  test_uri();
  virsh({"pool-create-as", pool, "dir", "--target", folder / "pool"});
  folder.image("pool/late.qcow2", "qcow2", 1);
  const auto connection = Connection::open(test_uri());
  CHECK_FALSE(find_volume(connection, pool + "/late.qcow2"));
  refresh_pools(connection, folder / "pool");
  CHECK(find_volume(connection, pool + "/late.qcow2"));
  virsh({"pool-destroy", pool});
}
