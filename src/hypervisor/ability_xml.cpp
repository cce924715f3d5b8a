#include "hypervisor/ability_xml.hpp"

#include <algorithm>
#include <cstring>
#include <sstream>

#include <pugixml.hpp>

#include "hypervisor/xml_document.hpp"

namespace jaunt::hypervisor {

namespace {

bool supported(const pugi::xml_node& node) {
  return std::strcmp(node.attribute("supported").value(), "yes") == 0;
}

// Whether the <enum> of this name lists the value.
bool offers(const pugi::xml_node& node, const char* name, const char* value) {
  for (const auto& choices : node.children("enum"))
    if (std::strcmp(choices.attribute("name").value(), name) == 0)
      for (const auto& choice : choices.children("value"))
        if (std::strcmp(choice.text().get(), value) == 0)
          return true;
  return false;
}

std::vector<std::string> machines_of(const pugi::xml_node& node) {
  std::vector<std::string> names;
  for (const auto& machine : node.children("machine"))
    names.emplace_back(machine.text().get());
  return names;
}

void sort_and_unite(std::vector<std::string>& names) {
  std::ranges::sort(names);
  names.erase(std::unique(names.begin(), names.end()), names.end());
}

}  // namespace

void parse_capabilities(std::string_view xml, model::HostAbility& into) {
  pugi::xml_document document;
  const auto root = load_xml(document, xml, "capabilities");
  const auto cpu = root.child("host").child("cpu");
  into.cpu_model = cpu.child_value("model");
  for (const auto& guest : root.children("guest")) {
    if (std::strcmp(guest.child_value("os_type"), "hvm") != 0)
      continue;
    const auto arch = guest.child("arch");
    for (const auto& domain : arch.children("domain")) {
      model::GuestAbility& ability = into.guests.emplace_back();
      ability.arch = arch.attribute("name").value();
      ability.virtualization = domain.attribute("type").value();
      ability.emulator = domain.child("emulator") ? domain.child_value("emulator") : arch.child_value("emulator");
      ability.machines = machines_of(domain.child("machine") ? domain : arch);
    }
  }
}

void parse_domain_capabilities(std::string_view xml, model::GuestAbility& into) {
  pugi::xml_document document;
  const auto root = load_xml(document, xml, "domainCapabilities");
  if (const auto path = root.child("path"))
    into.emulator = path.text().get();
  into.vcpus_max = root.child("vcpu").attribute("max").as_int();
  const auto loader = root.child("os").child("loader");
  if (supported(loader)) {
    for (const auto& value : loader.children("value"))
      into.loaders.emplace_back(value.text().get());
    into.secure_boot = offers(loader, "secure", "yes");
  }
  for (const auto& mode : root.child("cpu").children("mode"))
    if (std::strcmp(mode.attribute("name").value(), "custom") == 0)
      for (const auto& model : mode.children("model"))
        if (std::strcmp(model.attribute("usable").value(), "no") != 0)
          into.cpu_models.emplace_back(model.text().get());
  const auto tpm = root.child("devices").child("tpm");
  into.tpm_emulator = supported(tpm) && offers(tpm, "backendModel", "emulator");
}

Demands parse_demands(std::string_view domain_xml) {
  pugi::xml_document document;
  const auto root = load_xml(document, domain_xml, "domain");
  Demands demands;
  demands.machine = root.child("os").child("type").attribute("machine").value();
  if (const auto cpu = root.child("cpu")) {
    // With check='none', which libvirt gives a CPU that nobody chose, QEMU leaves out what the host does not have.
    if (std::strcmp(cpu.attribute("check").value(), "none") != 0) {
      std::ostringstream text;
      cpu.print(text, "", pugi::format_raw);
      demands.cpu = text.str();
    }
    for (const auto& feature : cpu.children("feature"))
      if (std::strcmp(feature.attribute("policy").value(), "require") == 0)
        demands.cpu_features.emplace_back(feature.attribute("name").value());
  }
  for (const char* name : {"kernel", "initrd", "dtb"})
    if (const char* path = root.child("os").child_value(name); *path != '\0')
      demands.files.emplace_back(path);
  for (const auto& disk : root.child("devices").children("disk"))
    if (std::strcmp(disk.attribute("type").value(), "volume") == 0)
      demands.pools.emplace_back(disk.child("source").attribute("pool").value());
  sort_and_unite(demands.cpu_features);
  sort_and_unite(demands.pools);
  return demands;
}

}  // namespace jaunt::hypervisor
