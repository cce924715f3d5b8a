// What a peer that dials in may put on this node's disks.
#pragma once

#include <filesystem>
#include <vector>

#include "engine/config.hpp"
#include "engine/teleport_request.hpp"
#include "identity/peers.hpp"
#include "transport/messages.hpp"

namespace jaunt::engine {

// Whether a file or folder of that path lies within one of them, links followed.
bool lies_within(const std::filesystem::path& path, const std::vector<std::filesystem::path>& folders);

// What it asks for as this node would have asked for it itself, with nothing in it that the peer's grants or the
// configuration do not allow. Throws auth where it asks for more, usage where it makes no sense.
TeleportRequest received_request(const transport::AskReceive& ask, const identity::Peer& peer, const Config& config);

}  // namespace jaunt::engine
