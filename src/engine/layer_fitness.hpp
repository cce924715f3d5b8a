// Which layers a thin target may stand on: those that nobody writes to.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "disk/chain.hpp"
#include "engine/subject.hpp"

namespace jaunt::engine {

// Asks libvirt once, when it is made, which files its domains may write to. Throws where libvirt does not answer.
class LayerFitness {
 public:
  explicit LayerFitness(Libvirt& libvirt);

  // What speaks against one layer of a chain, as part of a sentence; nullopt where nothing does.
  std::optional<std::string> objection(const disk::Chain& chain, std::size_t index) const;

 private:
  struct Written {
    std::uint64_t device = 0;
    std::uint64_t inode = 0;
    std::string by;  // "vda of the domain web1"
  };
  void add(const std::vector<model::Disk>& disks, const std::string& domain);

  std::vector<Written> written_;
};

}  // namespace jaunt::engine
