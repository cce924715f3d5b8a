// The block tree of a real guest's raw disk, with what its filesystems prove to be free elided.
#pragma once

#include <filesystem>

#include "base/progress.hpp"
#include "describe/guest.hpp"
#include "disk/chain.hpp"
#include "disk/nbd_server.hpp"
#include "disk/open.hpp"
#include "disk/scan.hpp"

namespace jaunt::testing {

// Takes the appliance's half minute and reads the whole disk.
inline void write_guest_tree(const std::filesystem::path& image, const std::filesystem::path& tree_path) {
  const disk::Chain chain =
      disk::resolve_chain({.path = image, .format = "raw"}, {.folders = {image.parent_path()}, .devices = {}});
  base::Progress silent;
  const describe::InspectOptions options{.force_tcg = true,
                                         .in_use = false,
                                         .cache_folder = "/var/cache/jaunt/appliance",
                                         .confine_program = {},
                                         .on_file = {}};
  const auto server = disk::NbdServer::start(chain);
  const auto facts = describe::inspect_guest({server->address()}, options, silent, {});
  disk::scan(*disk::open_image(chain), {.tree_path = tree_path, .elided = facts.elidable.at(0)}, silent);
}

}  // namespace jaunt::testing
