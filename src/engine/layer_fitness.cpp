#include "engine/layer_fitness.hpp"

#include <algorithm>

#include <fmt/format.h>
#include <sys/stat.h>

#include "base/text.hpp"
#include "disk/identity.hpp"
#include "hypervisor/xml.hpp"

namespace jaunt::engine {

LayerFitness::LayerFitness(Libvirt& libvirt) {
  for (const hypervisor::Domain& domain : libvirt.connection().domains()) {
    try {
      std::vector<model::Problem> unknown;  // such as a file that is gone, which nobody stands on
      add(domain.disks(unknown), domain.name());
      add(hypervisor::parse_domain(domain.inactive_xml()).disks, domain.name());
    } catch (const base::Error& failure) {
      if (failure.kind() != base::ErrorKind::not_found)  // it has gone meanwhile
        throw;
    }
  }
}

void LayerFitness::add(const std::vector<model::Disk>& disks, const std::string& domain) {
  for (const model::Disk& disk : disks) {
    if (disk.read_only || disk.layers.empty())
      continue;
    struct stat status {};
    if (::stat(disk.layers.front().path.c_str(), &status) == 0)
      written_.push_back({status.st_dev, status.st_ino,
                          fmt::format("{} of the domain {}", base::printable(disk.target), base::printable(domain))});
  }
}

std::optional<std::string> LayerFitness::objection(const disk::Chain& chain, std::size_t index) const {
  const model::Layer& layer = chain.layers.at(index);
  const disk::LayerParts& parts = chain.parts.at(index);
  if (parts.block_device)
    return "it is a block device";
  if (!parts.self_contained())
    return "its bytes lie in several files";
  if (layer.format != "raw" && layer.format != "qcow2")
    return fmt::format("it is neither raw nor qcow2 but {}", base::printable(layer.format));
  const auto by = std::ranges::find_if(written_, [&](const Written& written) {
    return written.device == layer.identity.device && written.inode == layer.identity.inode;
  });
  if (by != written_.end())
    return fmt::format("it is the disk {}, which may write to it", by->by);
  if (parts.backing && !parts.backing->format)
    return "its header does not say of what format its backing file is";
  if (!disk::memorable_identity(chain, index))
    return "somebody may be writing to it";
  return std::nullopt;
}

}  // namespace jaunt::engine
