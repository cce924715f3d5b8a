#include "hypervisor/ability_xml.hpp"

#include <algorithm>

#include <doctest/doctest.h>

#include "base/error.hpp"
#include "base/file.hpp"
#include "hypervisor/xml.hpp"

using namespace jaunt;
using namespace jaunt::hypervisor;

namespace {

// What the libvirt of a Debian 12 host without KVM says.
std::string sample(const std::string& name) {
  return base::read_text_file(std::string(JAUNT_CORPUS "/fuzz_ability_xml/") + name, base::ByteCount(base::kMiB));
}

bool has(const std::vector<std::string>& list, const std::string& word) {
  return std::ranges::find(list, word) != list.end();
}

}  // namespace

TEST_CASE("Each way of running guests is one ability, with the machines that it emulates") {
  model::HostAbility host;
  parse_capabilities(sample("capabilities"), host);
  CHECK(host.cpu_model == "kvm64");
  const auto guest = std::ranges::find(host.guests, "x86_64", &model::GuestAbility::arch);
  REQUIRE(guest != host.guests.end());
  CHECK(guest->virtualization == "qemu");
  CHECK(guest->emulator == "/usr/bin/qemu-system-x86_64");
  CHECK(has(guest->machines, "q35"));
  CHECK(has(guest->machines, "pc-q35-7.2"));
  CHECK_FALSE(has(guest->machines, "pc-q35-99.0"));
}

TEST_CASE("What is said of one way of running guests stands before what is said of its architecture") {
  model::HostAbility host;
  parse_capabilities(
      "<capabilities><guest><os_type>hvm</os_type><arch name='x86_64'><emulator>/usr/bin/qemu</emulator>"
      "<machine>pc</machine><domain type='qemu'/><domain type='kvm'><emulator>/usr/bin/kvm</emulator>"
      "<machine>q35</machine></domain></arch></guest>"
      "<guest><os_type>xen</os_type><arch name='x86_64'><domain type='xen'/></arch></guest></capabilities>",
      host);
  REQUIRE(host.guests.size() == 2);  // paravirtual guests are not of this world
  CHECK(host.guests[0].emulator == "/usr/bin/qemu");
  CHECK(host.guests[0].machines == std::vector<std::string>{"pc"});
  CHECK(host.guests[1].virtualization == "kvm");
  CHECK(host.guests[1].emulator == "/usr/bin/kvm");
  CHECK(host.guests[1].machines == std::vector<std::string>{"q35"});
}

TEST_CASE("Only CPU models that work here count, and firmware as far as it is supported") {
  model::GuestAbility guest;
  parse_domain_capabilities(sample("domain_capabilities"), guest);
  CHECK(guest.vcpus_max == 255);
  CHECK(has(guest.cpu_models, "qemu64"));
  CHECK_FALSE(has(guest.cpu_models, "phenom"));
  CHECK(guest.loaders == std::vector<std::string>{"/usr/share/OVMF/OVMF_CODE_4M.fd"});
  CHECK_FALSE(guest.secure_boot);

  const auto firmware = [](const char* supported, const char* secure) {
    model::GuestAbility ability;
    parse_domain_capabilities(std::string("<domainCapabilities><os><loader supported='") + supported +
                                  "'><value>/fw.fd</value><enum name='readonly'><value>yes</value></enum>"
                                  "<enum name='secure'><value>" +
                                  secure + "</value></enum></loader></os></domainCapabilities>",
                              ability);
    return std::pair(ability.loaders.size(), ability.secure_boot);
  };
  CHECK(firmware("yes", "yes") == std::pair(std::size_t{1}, true));
  CHECK(firmware("yes", "no") == std::pair(std::size_t{1}, false));
  CHECK(firmware("no", "yes") == std::pair(std::size_t{0}, false));
}

TEST_CASE("A TPM can be emulated where libvirt names the emulator among its backends") {
  const auto emulated = [](const char* supported, const char* backend) {
    model::GuestAbility ability;
    parse_domain_capabilities(std::string("<domainCapabilities><devices><tpm supported='") + supported +
                                  "'><enum name='model'><value>emulator</value></enum><enum name='backendModel'>"
                                  "<value>passthrough</value><value>" +
                                  backend + "</value></enum></tpm></devices></domainCapabilities>",
                              ability);
    return ability.tpm_emulator;
  };
  CHECK(emulated("yes", "emulator"));
  CHECK_FALSE(emulated("yes", "external"));
  CHECK_FALSE(emulated("no", "emulator"));
}

TEST_CASE("A definition demands its machine type, required CPU features, files beside disks and pools") {
  const Demands demands = parse_demands(
      "<domain><os><type arch='x86_64' "
      "machine='pc-q35-7.2'>hvm</type><kernel>/boot/k</kernel><initrd>/boot/i</initrd>"
      "</os><cpu mode='custom'><model>qemu64</model><feature policy='require' name='vmx'/>"
      "<feature policy='disable' name='svm'/><feature policy='require' name='aes'/></cpu>"
      "<devices><disk type='volume'><source pool='b' volume='1'/></disk><disk type='volume'><source pool='a' "
      "volume='1'/>"
      "</disk><disk type='volume'><source pool='b' volume='2'/></disk><disk type='file'><source file='/x'/></disk>"
      "</devices></domain>");
  CHECK(demands.machine == "pc-q35-7.2");
  CHECK(demands.cpu_features == std::vector<std::string>{"aes", "vmx"});
  CHECK(demands.files == std::vector<std::string>{"/boot/k", "/boot/i"});
  CHECK(demands.pools == std::vector<std::string>{"a", "b"});
  CHECK(demands.cpu.starts_with("<cpu mode=\"custom\">"));
  const Demands nothing = parse_demands("<domain/>");
  CHECK(nothing.machine.empty());
  CHECK(nothing.cpu.empty());
  CHECK(parse_demands("<domain><cpu mode='custom' check='none'><model>qemu64</model></cpu></domain>").cpu.empty());
  CHECK_FALSE(parse_demands("<domain><cpu mode='custom' check='partial'><model>qemu64</model></cpu></domain>").cpu.empty());
  CHECK(nothing.files.empty());
}

TEST_CASE("What is no XML, another document or too large is refused") {
  model::HostAbility host;
  model::GuestAbility guest;
  CHECK_THROWS_AS(parse_capabilities("<capabilities>", host), base::Error);
  CHECK_THROWS_AS(parse_capabilities("<domainCapabilities/>", host), base::Error);
  CHECK_THROWS_AS(parse_domain_capabilities("<capabilities/>", guest), base::Error);
  CHECK_THROWS_AS(parse_demands("<capabilities/>"), base::Error);
  CHECK_THROWS_AS(parse_demands("<domain>" + std::string(kXmlMax.value, ' ') + "</domain>"), base::Error);
}
