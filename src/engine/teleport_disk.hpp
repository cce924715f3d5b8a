// One disk of a teleport: built from its plan, the wire fed by a conversation.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>

#include "disk/partial_image.hpp"
#include "engine/conversation.hpp"
#include "engine/describe_job.hpp"
#include "engine/disk_recipe.hpp"
#include "engine/target_places.hpp"
#include "sync/disk_builder.hpp"

namespace jaunt::engine {

struct BuiltDisk {
  std::unique_ptr<disk::PartialImage> target;  // proved, and not visible yet
  std::unique_ptr<sync::ProvedIds> proved;
};

// What the disks of one conversation share.
struct BlockSupply {
  Conversation& conversation;
  sync::BlockStreamReader stream{};
  std::uint64_t link_bytes_per_second = 0;                                                   // 0: nobody knows
  bool begun = false;                                                                        // a stream
  sync::DeltaFigures deltas{};                                                               // of the disks so far
  std::function<void(const sync::BuildFigures&)> got_on = [](const sync::BuildFigures&) {};  // called often
};

// Goes on with what an earlier attempt has left there. `disk` is its number in the conversation.
BuiltDisk build_disk(std::uint32_t disk, const std::string& name, const DiskRecipe& recipe, const DiskPlace& place,
                     BlockSupply& supply, const Workplace& workplace);

}  // namespace jaunt::engine
