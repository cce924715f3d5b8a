#include "hypervisor/adaptation.hpp"

#include <algorithm>
#include <cstring>
#include <sstream>

#include <fmt/format.h>
#include <pugixml.hpp>

#include "base/error.hpp"
#include "base/text.hpp"
#include "hypervisor/definition_editor.hpp"
#include "hypervisor/xml_document.hpp"

namespace jaunt::hypervisor {

namespace {

using base::Error;
using base::ErrorKind;

void check_name(const std::string& name) {
  const bool sound =
      !name.empty() && name.size() <= 255 && name.find('/') == name.npos && name == base::printable(name);
  if (!sound)
    throw Error(ErrorKind::usage, "name the machine", base::printable(name), "libvirt takes no such name",
                "choose another with --as");
}

void adapt_identity(pugi::xml_node domain, DefinitionEditor& editor) {
  const std::string before = domain.child_value("name");
  const std::string& name = editor.arrangement.name;
  check_name(name);
  if (before != name) {
    DefinitionEditor::drop_children(domain, {"name"});
    domain.prepend_child("name").text().set(name.c_str());
    editor.changed("name", before, name);
  }
  domain.remove_attribute("id");
  if (editor.arrangement.same_machine)
    return;
  const std::string& uuid = editor.arrangement.uuid;
  editor.changed("UUID", domain.child_value("uuid"), uuid.empty() ? "a new one" : uuid);
  DefinitionEditor::drop_children(domain, {"uuid"});
  if (!uuid.empty())
    domain.insert_child_after("uuid", domain.child("name")).text().set(uuid.c_str());
  // The firmware's tables repeat it, and libvirt insists that they agree.
  for (auto system : domain.child("sysinfo").children("system"))
    if (auto entry = system.find_child_by_attribute("entry", "name", "uuid"))
      system.remove_child(entry);
  if (auto generation = domain.child("genid")) {
    generation.remove_children();
    editor.changed("generation id", "", "a new one");
  }
}

// "pc-q35-8.2" becomes what this host calls "q35".
void adapt_machine(pugi::xml_node domain, DefinitionEditor& editor) {
  const model::GuestAbility& ability = editor.ability;
  const std::string type = domain.attribute("type").value();
  if (type != ability.virtualization) {
    DefinitionEditor::set(domain, "type", ability.virtualization);
    editor.changed("virtualization", type, ability.virtualization);
  }
  auto os_type = domain.child("os").child("type");
  const std::string machine = os_type.attribute("machine").value();
  if (!machine.empty() && std::ranges::find(ability.machines, machine) == ability.machines.end()) {
    const std::string family = model::machine_family(machine);
    if (std::ranges::find(ability.machines, family) == ability.machines.end())
      throw Error(ErrorKind::incompatible, "adapt the machine", base::printable(editor.arrangement.name),
                  fmt::format("this host has no machine type {}", base::printable(machine)));
    DefinitionEditor::set(os_type, "machine", family);
    editor.changed("machine type", machine, family);
  }
  auto cpu = domain.child("cpu");
  const std::string mode = cpu.attribute("mode").value();
  if (ability.virtualization != "kvm" && is_one_of(mode, {"host-passthrough", "host-model"})) {
    DefinitionEditor::set(cpu, "mode", "maximum");
    for (const char* name : {"check", "migratable"})
      cpu.remove_attribute(name);
    DefinitionEditor::drop_children(cpu, {"model", "vendor", "cache"});
    editor.changed("CPU", mode, "maximum");
  }
}

void adapt_firmware(pugi::xml_node os, DefinitionEditor& editor) {
  const std::vector<std::string>& loaders = editor.ability.loaders;
  if (auto loader = os.child("loader")) {
    const std::string path = loader.child_value();
    if (!path.empty() && std::ranges::find(loaders, path) == loaders.end()) {
      if (loaders.empty())
        throw Error(ErrorKind::incompatible, "adapt the machine", base::printable(editor.arrangement.name),
                    "it starts from UEFI, and this host has no such firmware", "install ovmf");
      loader.text().set(loaders.front().c_str());
      os.child("nvram").remove_attribute("template");  // of the other firmware
      editor.changed("firmware", path, loaders.front());
    }
  }
  if (auto nvram = os.child("nvram")) {
    const auto source = nvram.child("source");
    const std::string before = source ? source.attribute("file").value() : nvram.child_value();
    const std::string template_path = nvram.attribute("template").value();
    if (!template_path.empty() && !std::string_view(template_path).starts_with("/usr/share/")) {
      nvram.remove_attribute("template");
      editor.changed("template of the firmware's variables", template_path, "");
    }
    nvram.remove_children();
    nvram.remove_attribute("type");
    if (!editor.arrangement.nvram.empty())
      nvram.text().set(editor.arrangement.nvram.c_str());
    if (before != editor.arrangement.nvram)
      editor.changed("firmware's variables", before,
                     editor.arrangement.nvram.empty() ? "new ones" : editor.arrangement.nvram);
  }
}

void adapt_boot(pugi::xml_node os, DefinitionEditor& editor) {
  editor.keep_children(os,
                       {"type", "boot", "bootmenu", "smbios", "bios", "acpi", "firmware", "loader", "nvram", "kernel",
                        "initrd", "cmdline"},
                       "boot");
  const auto& allowed = editor.arrangement.host_files;
  for (const char* name : {"kernel", "initrd"}) {
    const std::string path = os.child_value(name);
    if (path.empty() || std::ranges::find(allowed, path) != allowed.end())
      continue;
    editor.changed(name, path, "");
    DefinitionEditor::drop_children(os, {"kernel", "initrd", "cmdline"});
  }
  if (auto smbios = os.child("smbios"); smbios && std::strcmp(smbios.attribute("mode").value(), "host") == 0) {
    os.remove_child(smbios);
    editor.changed("system information", "the host's", "");
  }
  // Tables that are read from files of the host.
  if (os.remove_child("acpi"))
    editor.changed("ACPI tables", "files of its host", "");
  adapt_firmware(os, editor);
}

// What ties it to processors and memory of its host.
void adapt_placement(pugi::xml_node domain, DefinitionEditor& editor) {
  if (auto vcpu = domain.child("vcpu"); vcpu.attribute("cpuset")) {
    editor.changed("CPU pinning", vcpu.attribute("cpuset").value(), "");
    vcpu.remove_attribute("cpuset");
  }
  if (auto memory = domain.child("memoryBacking"))
    editor.keep_children(memory, {"hugepages", "nosharepages", "source", "access", "discard"}, "memory");
  for (auto info = domain.child("sysinfo"); info;) {
    const auto next = info.next_sibling("sysinfo");
    if (std::strcmp(info.attribute("type").value(), "smbios") != 0) {
      editor.changed("system information", info.attribute("type").value(), "");
      domain.remove_child(info);
    }
    info = next;
  }
}

}  // namespace

bool is_one_of(std::string_view word, Words words) {
  return std::ranges::find(words, word) != words.end();
}

void DefinitionEditor::keep_children(pugi::xml_node node, Words names, const std::string& what) {
  for (auto child = node.first_child(); child;) {
    const auto next = child.next_sibling();
    if (child.type() == pugi::node_element && !is_one_of(child.name(), names)) {
      changed(fmt::format("{}: {}", what, child.name()), "set", "");
      node.remove_child(child);
    }
    child = next;
  }
}

void DefinitionEditor::drop_children(pugi::xml_node node, std::initializer_list<const char*> names) {
  for (const char* name : names)
    while (node.remove_child(name)) {
    }
}

void DefinitionEditor::keep_attributes(pugi::xml_node node, Words names) {
  for (auto attribute = node.first_attribute(); attribute;) {
    const auto next = attribute.next_attribute();
    if (!is_one_of(attribute.name(), names))
      node.remove_attribute(attribute);
    attribute = next;
  }
}

void DefinitionEditor::set(pugi::xml_node node, const char* attribute, const std::string& value) {
  if (!node.attribute(attribute))
    node.append_attribute(attribute);
  node.attribute(attribute).set_value(value.c_str());
}

Adaptation adapt(std::string_view domain_xml, const model::GuestAbility& ability, const Arrangement& arrangement) {
  pugi::xml_document document;
  auto domain = load_xml(document, domain_xml, "domain");
  DefinitionEditor editor{.ability = ability, .arrangement = arrangement};
  adapt_identity(domain, editor);
  editor.keep_children(
      domain, {"name",      "uuid",          "genid",         "title", "description", "metadata",  "memory",
               "maxMemory", "currentMemory", "memoryBacking", "vcpu",  "vcpus",       "iothreads", "iothreadids",
               "os",        "cpu",           "features",      "clock", "on_poweroff", "on_reboot", "on_crash",
               "pm",        "sysinfo",       "devices"},
      "definition");
  adapt_machine(domain, editor);
  adapt_boot(domain.child("os"), editor);
  adapt_placement(domain, editor);
  adapt_devices(domain.child("devices"), editor);
  std::ostringstream text;
  domain.print(text, "  ");
  return {text.str(), std::move(editor.changes)};
}

}  // namespace jaunt::hypervisor
