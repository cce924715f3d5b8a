#include <algorithm>
#include <string>
#include <string_view>

#include <fmt/format.h>
#include <pugixml.hpp>

#include "hypervisor/definition_editor.hpp"

namespace jaunt::hypervisor {

namespace {

std::string_view type_of(const pugi::xml_node& device) {
  return device.attribute("type").value();
}

// A console that is anything but a terminal of libvirt's own could be any file of this host.
void adapt_console(pugi::xml_node device, DefinitionEditor& editor) {
  if (type_of(device) != "pty" || device.child("log")) {
    editor.changed(device.name(), device.attribute("type").value(), "pty");
    DefinitionEditor::set(device, "type", "pty");
    DefinitionEditor::drop_children(device, {"log"});
  }
  DefinitionEditor::drop_children(device, {"source", "protocol"});
  device.remove_attribute("tty");
}

bool adapt_channel(pugi::xml_node device, DefinitionEditor& editor) {
  const bool agent =
      type_of(device) == "unix" && std::string_view(device.child("target").attribute("type").value()) == "virtio";
  if (!agent && !is_one_of(type_of(device), {"spicevmc", "qemu-vdagent"}))
    return false;
  if (agent) {
    const std::string_view socket = device.child("source").attribute("path").value();
    if (!socket.empty() && !socket.starts_with("/var/lib/libvirt/qemu/"))
      editor.changed("channel", std::string(socket), "a socket of libvirt's own");
    DefinitionEditor::drop_children(device, {"source"});
  }
  editor.keep_children(device, {"source", "target", "address", "alias"}, "channel");
  return true;
}

bool adapt_graphics(pugi::xml_node device, DefinitionEditor& editor) {
  if (!is_one_of(type_of(device), {"vnc", "spice"}))
    return false;
  const std::string_view address = device.attribute("listen").value();
  const auto listen = device.child("listen");
  const std::string_view kind = listen.attribute("type").value();
  const bool local =
      (kind == "address" || kind == "none" || !listen) && is_one_of(address, {"", "127.0.0.1", "::1", "localhost"});
  if (!local) {
    editor.changed("graphics", std::string(address.empty() ? kind : address), "this host's own address");
    DefinitionEditor::drop_children(device, {"listen"});
    device.remove_attribute("listen");
  }
  for (const char* name : {"socket", "passwd", "passwdValidTo", "connected", "sharePolicy"})
    device.remove_attribute(name);
  DefinitionEditor::drop_children(device, {"gl", "channel"});
  const bool chosen = std::string_view(device.attribute("autoport").value()) == "no";
  if (chosen && !editor.arrangement.same_machine) {
    editor.changed("graphics port", device.attribute("port").value(), "a free one");
    DefinitionEditor::set(device, "autoport", "yes");
  }
  if (std::string_view(device.attribute("autoport").value()) == "yes")
    for (const char* name : {"port", "tlsPort", "websocket"})
      device.remove_attribute(name);
  return true;
}

void adapt_random(pugi::xml_node device, DefinitionEditor& editor) {
  auto backend = device.child("backend");
  const std::string_view model = backend.attribute("model").value();
  if (model == "builtin" || (model == "random" && is_one_of(backend.child_value(), {"/dev/urandom", "/dev/random"})))
    return;
  editor.changed("random numbers", std::string(model), "/dev/urandom");
  while (device.remove_child("backend")) {
  }
  backend = device.append_child("backend");
  DefinitionEditor::set(backend, "model", "random");
  backend.text().set("/dev/urandom");
}

bool adapt_tpm(pugi::xml_node device, DefinitionEditor&) {
  auto backend = device.child("backend");
  if (type_of(backend) != "emulator")
    return false;
  DefinitionEditor::drop_children(backend, {"source", "device", "encryption"});
  return true;
}

void adapt_socket_device(pugi::xml_node device, DefinitionEditor& editor) {
  if (editor.arrangement.same_machine)
    return;
  auto cid = device.child("cid");
  cid.remove_attribute("address");
  DefinitionEditor::set(cid, "auto", "yes");
}

void adapt_video(pugi::xml_node device) {
  DefinitionEditor::drop_children(device, {"driver"});
  device.child("model").child("acceleration").remove_attribute("rendernode");
}

// Sound cards refer to it, so it stays, silent.
void adapt_audio(pugi::xml_node device, DefinitionEditor& editor) {
  if (!is_one_of(type_of(device), {"none", "spice"})) {
    editor.changed("audio", device.attribute("type").value(), "none");
    DefinitionEditor::set(device, "type", "none");
  }
  device.remove_children();
  DefinitionEditor::keep_attributes(device, {"id", "type"});
}

// Made of the guest's side alone.
bool is_plain(const pugi::xml_node& device) {
  if (is_one_of(device.name(), {"controller", "sound", "hub", "watchdog", "memballoon", "panic", "iommu"}))
    return true;
  if (std::string_view(device.name()) == "input")
    return is_one_of(type_of(device), {"mouse", "tablet", "keyboard"});
  return std::string_view(device.name()) == "redirdev" && type_of(device) == "spicevmc";
}

// false: it is to be left out.
bool adapt_device(pugi::xml_node device, unsigned& interfaces, DefinitionEditor& editor) {
  const std::string_view name = device.name();
  if (is_plain(device))
    return true;
  if (name == "disk")
    return adapt_disk(device, editor);
  if (name == "interface")
    return adapt_interface(device, ++interfaces, editor);
  if (is_one_of(name, {"serial", "parallel", "console"}))
    return adapt_console(device, editor), true;
  if (name == "channel")
    return adapt_channel(device, editor);
  if (name == "graphics")
    return adapt_graphics(device, editor);
  if (name == "rng")
    return adapt_random(device, editor), true;
  if (name == "tpm")
    return adapt_tpm(device, editor);
  if (name == "vsock")
    return adapt_socket_device(device, editor), true;
  if (name == "video")
    return adapt_video(device), true;
  if (name == "audio")
    return adapt_audio(device, editor), true;
  return false;
}

}  // namespace

void adapt_devices(pugi::xml_node devices, DefinitionEditor& editor) {
  const std::string emulator = devices.child_value("emulator");
  DefinitionEditor::drop_children(devices, {"emulator"});
  unsigned interfaces = 0;
  for (auto device = devices.first_child(); device;) {
    const auto next = device.next_sibling();
    // A disk or interface says by itself why it goes.
    if (!adapt_device(device, interfaces, editor)) {
      if (!is_one_of(device.name(), {"disk", "interface"}))
        editor.changed(device.name(), device.attribute("type").value(), "");
      devices.remove_child(device);
    }
    device = next;
  }
  devices.prepend_child("emulator").text().set(editor.ability.emulator.c_str());
  if (!emulator.empty() && emulator != editor.ability.emulator)
    editor.changed("emulator", emulator, editor.ability.emulator);
}

bool adapt_interface(pugi::xml_node interface, unsigned number, DefinitionEditor& editor) {
  const std::string what = fmt::format("interface {}", number);
  auto source = interface.child("source");
  std::string kind(type_of(interface));
  std::string name = source.attribute(kind == "direct" ? "dev" : kind.c_str()).value();
  std::string group = source.attribute("portgroup").value();
  const std::string before = kind + ":" + name;
  if (const auto found = editor.arrangement.networks.find(before); found != editor.arrangement.networks.end()) {
    const std::string& to = found->second;
    kind = to.substr(0, to.find(':'));
    name = to.substr(std::min(to.size(), kind.size() + 1));
    group.clear();
    editor.changed(what, before, to);
    DefinitionEditor::drop_children(interface, {"source", "virtualport", "vlan"});
  }
  if (!is_one_of(kind, {"network", "bridge", "user"})) {
    editor.changed(what, before, "");
    return false;
  }
  DefinitionEditor::set(interface, "type", kind);
  DefinitionEditor::keep_attributes(interface, {"type", "trustGuestRxFilters"});
  // Devices of the host's side, which libvirt makes anew.
  DefinitionEditor::drop_children(interface, {"target", "source", "backend"});
  if (kind != "user") {
    source = interface.prepend_child("source");
    DefinitionEditor::set(source, kind.c_str(), name);
    if (!group.empty())
      DefinitionEditor::set(source, "portgroup", group);
  }
  editor.keep_children(interface,
                       {"source", "mac", "model", "boot", "link", "mtu", "bandwidth", "driver", "address", "alias",
                        "vlan", "coalesce", "filterref"},
                       what);
  if (auto mac = interface.child("mac"); mac && !editor.arrangement.same_machine) {
    editor.changed(what + ": MAC address", mac.attribute("address").value(), "a new one");
    interface.remove_child(mac);
  }
  return true;
}

}  // namespace jaunt::hypervisor
