#include "disk/block_graph.hpp"

#include <nlohmann/json.hpp>

#include "base/error.hpp"
#include "base/text.hpp"
#include "disk/vetted_file.hpp"

namespace jaunt::disk {

namespace {

using base::Error;
using base::ErrorKind;
using Json = nlohmann::json;

Json file_node(const std::filesystem::path& path, bool block_device, bool read_only) {
  return {{"driver", block_device ? "host_device" : "file"},
          {"filename", path.string()},
          {"locking", "off"},
          {"read-only", read_only}};
}

Json layer_node(const model::Layer& layer, const LayerParts& parts) {
  Json node{{"driver", layer.format}, {"read-only", true}, {"file", file_node(layer.path, parts.block_device, true)}};
  if (parts.data_file)
    node["data-file"] = file_node(parts.data_file->path, false, true);
  // QEMU takes the extents' names from the descriptor; this makes sure that it takes them for files.
  for (std::size_t i = 0; i < parts.extents.size(); ++i)
    node["extents"].push_back({{"driver", "file"}, {"locking", "off"}});
  return node;
}

Json chain_node(const Chain& chain, LayerRange range) {
  Json above;
  for (std::size_t i = range.first + range.count; i-- > range.first;) {
    Json node = layer_node(chain.layers[i], chain.parts[i]);
    if (node["driver"] == "qcow2" || node["driver"] == "vmdk")
      node["backing"] = std::move(above);
    above = std::move(node);
  }
  return above;
}

std::string as_file_name(const Json& node) {
  try {
    return "json:" + node.dump();
  } catch (const Json::exception&) {
    throw Error(ErrorKind::unsupported, "open", "the image", "the name of one of its files is not valid UTF-8",
                "rename it, or convert the image to raw");
  }
}

}  // namespace

std::string read_only_graph(const Chain& chain, LayerRange range) {
  return as_file_name(chain_node(chain, range));
}

std::string writable_qcow2_graph(const std::filesystem::path& file, const Chain* backing) {
  Json node{{"driver", "qcow2"}, {"discard", "unmap"}, {"file", file_node(file, false, false)}, {"backing", nullptr}};
  if (backing != nullptr)
    node["backing"] = chain_node(*backing, {.first = 0, .count = backing->layers.size()});
  return as_file_name(node);
}

std::vector<VettedFile> verified_files(const Chain& chain, LayerRange range) {
  std::vector<VettedFile> files;
  for (std::size_t i = range.first; i < range.first + range.count; ++i) {
    files.push_back(layer_file(chain.layers.at(i)));
    const LayerParts& parts = chain.parts.at(i);
    files.insert(files.end(), parts.extents.begin(), parts.extents.end());
    if (parts.data_file)
      files.push_back(*parts.data_file);
  }
  for (const VettedFile& file : files)
    open_vetted(file);
  return files;
}

}  // namespace jaunt::disk
