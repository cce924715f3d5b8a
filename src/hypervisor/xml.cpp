#include "hypervisor/xml.hpp"

#include <charconv>
#include <cstring>
#include <limits>
#include <set>

#include <fmt/format.h>
#include <pugixml.hpp>

#include "base/error.hpp"
#include "base/text.hpp"
#include "hypervisor/disk_xml.hpp"
#include "hypervisor/xml_document.hpp"

namespace jaunt::hypervisor {

namespace {

using base::ByteCount;
using base::Error;
using base::ErrorKind;

std::string text_of(const pugi::xml_attribute& attribute) {
  return attribute.value();
}

template <typename Integer>
Integer number_of(std::string_view text, const char* what, int radix = 10) {
  Integer value{};
  const auto [end, failed] = std::from_chars(text.data(), text.data() + text.size(), value, radix);
  if (failed != std::errc{} || end != text.data() + text.size())
    throw Error(ErrorKind::corrupt, "read the XML of a domain", "",
                fmt::format("its {} is no number: {}", what, base::printable(text.substr(0, 40))));
  return value;
}

// libvirt's units: "KB" is 1000 bytes, "K" and "KiB" are 1024; without a unit it is KiB.
std::uint64_t unit_bytes(std::string_view unit) {
  if (unit.empty())
    return base::kKiB;
  if (unit == "b" || unit == "bytes")
    return 1;
  const bool decimal = unit.size() == 2 && unit[1] == 'B';
  if (!decimal && unit.size() != 1 && !(unit.size() == 3 && unit.substr(1) == "iB"))
    return 0;
  const auto power = std::string_view("KMGTPE").find(unit[0]);
  if (power == std::string_view::npos)
    return 0;
  std::uint64_t bytes = 1;
  for (std::size_t i = 0; i <= power; ++i)
    bytes *= decimal ? 1000 : 1024;
  return bytes;
}

ByteCount memory_of(const pugi::xml_node& node) {
  if (!node)
    return {};
  const auto unit = unit_bytes(node.attribute("unit").value());
  const auto amount = number_of<std::uint64_t>(node.child_value(), "memory");
  if (unit == 0 || amount > std::numeric_limits<std::uint64_t>::max() / unit)
    throw Error(ErrorKind::corrupt, "read the XML of a domain", "", "its memory is no amount of bytes");
  return ByteCount(amount * unit);
}

bool names_uefi(std::string_view loader) {
  for (const char* word : {"OVMF", "ovmf", "AAVMF", "edk2", "QEMU_EFI", "uefi", "UEFI"})
    if (loader.find(word) != std::string_view::npos)
      return true;
  return false;
}

model::Firmware firmware_of(const pugi::xml_node& os) {
  model::Firmware firmware;
  const auto loader = os.child("loader");
  const auto nvram = os.child("nvram");
  firmware.loader = loader.child_value();
  firmware.nvram = nvram.child_value();
  if (const auto source = nvram.child("source"))
    firmware.nvram = source.attribute("file") ? source.attribute("file").value() : source.attribute("dev").value();
  const std::string wanted = text_of(os.attribute("firmware"));
  const bool uefi = wanted == "efi" || std::strcmp(loader.attribute("type").value(), "pflash") == 0 ||
                    names_uefi(firmware.loader) || nvram;
  firmware.kind = uefi ? "uefi" : "bios";
  firmware.secure_boot = std::strcmp(loader.attribute("secure").value(), "yes") == 0;
  for (const auto& feature : os.child("firmware").children("feature"))
    if (std::strcmp(feature.attribute("name").value(), "secure-boot") == 0)
      firmware.secure_boot = std::strcmp(feature.attribute("enabled").value(), "yes") == 0;
  return firmware;
}

std::string tpm_of(const pugi::xml_node& tpm) {
  if (!tpm)
    return "";
  const auto backend = tpm.child("backend");
  std::string text = text_of(tpm.attribute("model"));
  for (const char* name : {"type", "version"})
    if (const auto attribute = backend.attribute(name))
      text += (text.empty() ? "" : " ") + text_of(attribute);
  return text.empty() ? "present" : text;
}

model::NetworkInterface interface_of(const pugi::xml_node& node) {
  model::NetworkInterface interface;
  interface.mac = text_of(node.child("mac").attribute("address"));
  interface.model = text_of(node.child("model").attribute("type"));
  interface.kind = text_of(node.attribute("type"));
  const auto source = node.child("source");
  for (const char* name : {"network", "bridge", "dev", "path", "address", "name", "switchid"})
    if (const auto attribute = source.attribute(name); attribute && interface.source.empty())
      interface.source = text_of(attribute);
  return interface;
}

// An attribute in C's notation, "0x1f" or "31"; absent is 0.
unsigned c_number_of(const pugi::xml_attribute& attribute) {
  std::string_view text = attribute.value();
  const bool hex = text.starts_with("0x");
  if (hex)
    text.remove_prefix(2);
  if (text.empty() && !hex)
    return 0;
  return number_of<unsigned>(text, "PCI address", hex ? 16 : 10);
}

// "0000:01:00.0"
std::string pci_address(const pugi::xml_node& address) {
  return fmt::format("{:04x}:{:02x}:{:02x}.{:x}", c_number_of(address.attribute("domain")),
                     c_number_of(address.attribute("bus")), c_number_of(address.attribute("slot")),
                     c_number_of(address.attribute("function")));
}

std::string host_device_of(const pugi::xml_node& node) {
  const std::string type = text_of(node.attribute("type"));
  const auto source = node.child("source");
  const auto address = source.child("address");
  if (type == "pci")
    return "pci " + pci_address(address);
  if (type == "usb" && source.child("vendor"))
    return fmt::format("usb {}:{}", source.child("vendor").attribute("id").value(),
                       source.child("product").attribute("id").value());
  if (type == "usb")
    return fmt::format("usb bus {} device {}", address.attribute("bus").value(), address.attribute("device").value());
  if (type == "mdev")
    return fmt::format("mdev {}", address.attribute("uuid").value());
  if (type == "scsi")
    return fmt::format("scsi {}", source.child("adapter").attribute("name").value());
  return type.empty() ? text_of(node.attribute("mode")) : type;
}

// What ties the domain to hardware and folders of this host.
std::vector<std::string> host_devices_of(const pugi::xml_node& devices) {
  std::vector<std::string> result;
  for (const auto& node : devices.children("hostdev"))
    result.push_back(host_device_of(node));
  for (const auto& node : devices.children("interface"))
    if (std::strcmp(node.attribute("type").value(), "hostdev") == 0)
      result.push_back("pci " + pci_address(node.child("source").child("address")));
  for (const auto& node : devices.children("filesystem"))
    result.push_back(fmt::format("filesystem {} as {}", node.child("source").attribute("dir").value(),
                                 node.child("target").attribute("dir").value()));
  return result;
}

model::Hardware hardware_of(const pugi::xml_node& domain) {
  model::Hardware hardware;
  const auto os = domain.child("os");
  const auto devices = domain.child("devices");
  const auto type = os.child("type");
  hardware.name = domain.child_value("name");
  hardware.uuid = domain.child_value("uuid");
  hardware.virtualization = text_of(domain.attribute("type"));
  hardware.machine = text_of(type.attribute("machine"));
  hardware.arch = text_of(type.attribute("arch"));
  hardware.emulator = devices.child_value("emulator");
  if (const auto vcpu = domain.child("vcpu")) {
    hardware.vcpus = number_of<int>(vcpu.child_value(), "number of vCPUs");
    if (const auto current = vcpu.attribute("current"))
      hardware.vcpus = number_of<int>(current.value(), "number of vCPUs");
  }
  hardware.memory = memory_of(domain.child("memory"));
  const auto cpu = domain.child("cpu");
  hardware.cpu_mode = text_of(cpu.attribute("mode"));
  hardware.cpu_model = cpu.child_value("model");
  hardware.firmware = firmware_of(os);
  hardware.tpm = tpm_of(devices.child("tpm"));
  for (const auto& node : devices.children("interface"))
    hardware.interfaces.push_back(interface_of(node));
  hardware.host_devices = host_devices_of(devices);
  return hardware;
}

bool agent_connected(const pugi::xml_node& devices) {
  for (const auto& channel : devices.children("channel")) {
    const auto target = channel.child("target");
    if (std::strcmp(target.attribute("name").value(), "org.qemu.guest_agent.0") == 0)
      return std::strcmp(target.attribute("state").value(), "connected") == 0;
  }
  return false;
}

// "+64055:+107" of the label that the DAC driver gave the domain's QEMU.
std::optional<Account> owner_of(const pugi::xml_node& domain) {
  for (const auto& seclabel : domain.children("seclabel")) {
    if (std::strcmp(seclabel.attribute("model").value(), "dac") != 0)
      continue;
    Account account;
    char* end = nullptr;
    const char* label = seclabel.child_value("label");
    if (*label != '+')
      continue;
    account.uid = static_cast<uid_t>(std::strtoul(label + 1, &end, 10));
    if (end == nullptr || std::strncmp(end, ":+", 2) != 0)
      continue;
    account.gid = static_cast<gid_t>(std::strtoul(end + 2, &end, 10));
    return account;
  }
  return std::nullopt;
}

bool external(const pugi::xml_node& snapshot) {
  if (std::strcmp(snapshot.child("memory").attribute("snapshot").value(), "external") == 0)
    return true;
  for (const auto& disk : snapshot.child("disks").children("disk"))
    if (std::strcmp(disk.attribute("snapshot").value(), "external") == 0)
      return true;
  return false;
}

}  // namespace

DomainXml parse_domain(std::string_view xml) {
  pugi::xml_document document;
  const auto domain = load_xml(document, xml, "domain");
  const auto devices = domain.child("devices");
  DomainXml result;
  result.hardware = hardware_of(domain);
  for (const auto& node : devices.children("disk"))
    result.disks.push_back(parse_disk(node));
  result.agent_connected = agent_connected(devices);
  result.owner = owner_of(domain);
  return result;
}

model::Snapshot parse_snapshot(std::string_view xml) {
  pugi::xml_document document;
  const auto node = load_xml(document, xml, "domainsnapshot");
  model::Snapshot snapshot;
  snapshot.name = node.child_value("name");
  snapshot.parent = node.child("parent").child_value("name");
  snapshot.state = node.child_value("state");
  if (const auto created = node.child("creationTime"))
    snapshot.created = number_of<std::int64_t>(created.child_value(), "snapshot's time of creation");
  snapshot.external = external(node);
  return snapshot;
}

std::vector<model::Disk> parse_snapshot_disks(std::string_view xml) {
  pugi::xml_document document;
  const auto snapshot = load_xml(document, xml, "domainsnapshot");
  std::set<std::string> external;
  for (const auto& disk : snapshot.child("disks").children("disk"))
    if (std::strcmp(disk.attribute("snapshot").value(), "external") == 0)
      external.insert(disk.attribute("name").value());
  std::vector<model::Disk> disks;
  for (const auto& node : snapshot.child("domain").child("devices").children("disk"))
    if (model::Disk disk = parse_disk(node); external.contains(disk.target))
      disks.push_back(std::move(disk));
  return disks;
}

BackupXml parse_backup(std::string_view xml) {
  pugi::xml_document document;
  const auto node = load_xml(document, xml, "domainbackup");
  BackupXml backup;
  backup.pull = std::strcmp(node.attribute("mode").value(), "pull") == 0;
  backup.socket = text_of(node.child("server").attribute("socket"));
  for (const auto& disk : node.child("disks").children("disk"))
    if (const auto place = disk.child(backup.pull ? "scratch" : "target"))
      backup.scratch_files.push_back(place.attribute("file") ? place.attribute("file").value()
                                                             : place.attribute("dev").value());
  return backup;
}

std::string parse_emulator(std::string_view domain_capabilities) {
  pugi::xml_document document;
  return load_xml(document, domain_capabilities, "domainCapabilities").child_value("path");
}

}  // namespace jaunt::hypervisor
