// Two homes whose images QEMU may open.
#pragma once

#include <string>

#include "integration/hypervisor/test_domain.hpp"
#include "integration/two_homes.hpp"

namespace jaunt::test_support {

struct Hosts : TwoHomes {
  hypervisor::ImageFolder disks;
  fs::path scratch = disks.path() / "scratch";

  Hosts() {
    allowed.push_back(disks.path().string());
    more_environment = {"JAUNT_LIBVIRT_URI=" + hypervisor::test_uri(), "JAUNT_SCRATCH_FOLDER=" + scratch.string(),
                        "JAUNT_IMAGES_POOLS=false"};
  }
  std::string disk(const std::string& name, const Blocks& blocks) const {
    return image_of(disks.path() / name, blocks).string();
  }
  void known(const std::string& name, const Blocks& blocks) const {
    catalogue(destination, image_of(images / name, blocks), "raw");
  }
};

}  // namespace jaunt::test_support
