#include <algorithm>
#include <string>

#include <fmt/format.h>
#include <pugixml.hpp>

#include "base/error.hpp"
#include "base/text.hpp"
#include "hypervisor/definition_editor.hpp"
#include "hypervisor/disk_xml.hpp"

namespace jaunt::hypervisor {

namespace {

using base::Error;
using base::ErrorKind;

// A medium that does not come along: the drive stays, empty; a seed's drive goes.
bool leave_medium(pugi::xml_node node, const model::Disk& disk, const std::string& what, DefinitionEditor& editor) {
  const bool drive = disk.role == model::DiskRole::cdrom || disk.role == model::DiskRole::floppy ||
                     std::string_view(node.attribute("device").value()) == "cdrom";
  if (!drive && disk.role != model::DiskRole::seed)
    throw Error(ErrorKind::usage, "adapt the machine", base::printable(editor.arrangement.name),
                fmt::format("its {} has no place here", base::printable(what)));
  if (!disk.source.empty())
    editor.changed(what, disk.source, drive ? "empty" : "");
  DefinitionEditor::drop_children(node, {"source", "backingStore"});
  DefinitionEditor::set(node, "type", "file");
  return drive;
}

}  // namespace

bool adapt_disk(pugi::xml_node node, DefinitionEditor& editor) {
  const model::Disk disk = parse_disk(node);
  const std::string what = "disk " + disk.target;
  if (node.child("encryption") || node.child("source").child("encryption"))
    throw Error(ErrorKind::unsupported, "adapt the machine", base::printable(editor.arrangement.name),
                fmt::format("libvirt decrypts its {} with a secret of the other host", base::printable(what)));
  DefinitionEditor::drop_children(node, {"backingStore", "mirror", "auth", "transient"});
  editor.keep_children(node,
                       {"driver", "source", "target", "iotune", "boot", "serial", "wwn", "vendor", "product",
                        "address", "alias", "readonly", "shareable", "blockio", "geometry"},
                       what);
  DefinitionEditor::keep_attributes(node, {"type", "device", "model", "snapshot"});
  auto driver = node.child("driver");
  driver.remove_children();
  DefinitionEditor::keep_attributes(
      driver, {"name", "type", "cache", "error_policy", "rerror_policy", "io", "ioeventfd", "event_idx",
               "copy_on_read", "discard", "detect_zeroes", "iothread", "queues"});
  const auto& places = editor.arrangement.disks;
  const auto place = std::ranges::find(places, disk.target, &PlacedDisk::target);
  if (place == places.end())
    return leave_medium(node, disk, what, editor);
  if (std::string_view(node.attribute("device").value()) == "lun") {
    DefinitionEditor::set(node, "device", "disk");
    editor.changed(what, "a SCSI device of its host", "a file");
  }
  DefinitionEditor::drop_children(node, {"source"});
  DefinitionEditor::set(node, "type", "file");
  auto source = driver ? node.insert_child_after("source", driver) : node.prepend_child("source");
  DefinitionEditor::set(source, "file", place->path);
  if (!driver)
    driver = node.prepend_child("driver");
  DefinitionEditor::set(driver, "name", "qemu");
  DefinitionEditor::set(driver, "type", place->format);
  if (disk.source != place->path)
    editor.changed(what, disk.source, place->path);
  if (disk.format != place->format)
    editor.changed(what + ": format", disk.format, place->format);
  return true;
}

}  // namespace jaunt::hypervisor
