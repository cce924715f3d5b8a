#include "hypervisor/disk_xml.hpp"

#include <algorithm>
#include <cctype>
#include <string>
#include <string_view>

#include <fmt/format.h>
#include <pugixml.hpp>

#include "base/error.hpp"
#include "hypervisor/xml.hpp"

namespace jaunt::hypervisor {

namespace {

// "rbd://host:6789/pool/image"
std::string network_uri(const pugi::xml_node& source) {
  std::string uri = source.attribute("protocol").value();
  uri += "://";
  if (const auto host = source.child("host")) {
    uri += host.attribute("name") ? host.attribute("name").value() : host.attribute("socket").value();
    if (const auto port = host.attribute("port"))
      uri += fmt::format(":{}", port.value());
  }
  if (const auto name = source.attribute("name"))
    uri += fmt::format("/{}", name.value());
  return uri;
}

// Where the bytes are; empty when there is no medium.
std::string place_of(const pugi::xml_node& source, std::string_view type) {
  if (!source)
    return "";
  if (type == "file")
    return source.attribute("file").value();
  if (type == "block")
    return source.attribute("dev").value();
  if (type == "dir")
    return source.attribute("dir").value();
  if (type == "volume")
    return fmt::format("{}/{}", source.attribute("pool").value(), source.attribute("volume").value());
  if (type == "network")
    return network_uri(source);
  return source.attribute("path") ? source.attribute("path").value() : std::string(type);
}

// Whether a medium carries the first-boot configuration of cloud-init or the like: by the name people give it.
bool named_like_seed(std::string_view place) {
  std::string name(place.substr(place.find_last_of('/') + 1));
  std::transform(name.begin(), name.end(), name.begin(),
                 [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  for (const char* word : {"cidata", "seed", "cloud-init", "cloudinit", "nocloud", "config-drive", "configdrive",
                           "user-data", "ignition"})
    if (name.find(word) != std::string::npos)
      return true;
  return false;
}

model::DiskRole role_of(const pugi::xml_node& node, const model::Disk& disk) {
  const std::string_view device = node.attribute("device").value();
  if (device == "floppy")
    return model::DiskRole::floppy;
  if (device == "cdrom")
    return named_like_seed(disk.source) ? model::DiskRole::seed : model::DiskRole::cdrom;
  return disk.read_only && named_like_seed(disk.source) ? model::DiskRole::seed : model::DiskRole::disk;
}

model::Layer layer_of(std::string path, std::string format) {
  model::Layer layer;
  layer.path = std::move(path);
  layer.format = std::move(format);
  return layer;
}

std::vector<model::Layer> layers_of(const pugi::xml_node& node, const model::Disk& disk) {
  std::vector<model::Layer> layers;
  if (disk.source_type == "none")
    return layers;
  layers.push_back(layer_of(disk.source, disk.format));
  // An empty <backingStore/> says that the chain ends.
  for (auto backing = node.child("backingStore"); backing && backing.child("source");
       backing = backing.child("backingStore")) {
    if (layers.size() == kChainMax)
      throw base::Error(base::ErrorKind::limit, "read the XML of a domain", "",
                        fmt::format("a backing chain has more than {} files", kChainMax));
    layers.push_back(layer_of(place_of(backing.child("source"), backing.attribute("type").value()),
                              backing.child("format").attribute("type").value()));
  }
  return layers;
}

}  // namespace

model::Disk parse_disk(const pugi::xml_node& node) {
  model::Disk disk;
  disk.target = node.child("target").attribute("dev").value();
  disk.source_type = node.attribute("type").value();
  disk.source = place_of(node.child("source"), disk.source_type);
  if (disk.source.empty())
    disk.source_type = "none";
  disk.format = node.child("driver").attribute("type").value();
  if (disk.format.empty() && disk.source_type != "none")
    disk.format = "raw";  // what libvirt takes when nothing is said
  const std::string_view device = node.attribute("device").value();
  disk.read_only = node.child("readonly") || device == "cdrom";
  disk.shareable = static_cast<bool>(node.child("shareable"));
  disk.role = role_of(node, disk);
  disk.layers = layers_of(node, disk);
  return disk;
}

}  // namespace jaunt::hypervisor
