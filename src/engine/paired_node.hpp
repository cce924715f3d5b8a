// Another host's node, over the network.
#pragma once

#include <memory>
#include <optional>
#include <string>

#include "engine/describe_job.hpp"
#include "transport/link.hpp"
#include "transport/network.hpp"

namespace jaunt::engine {

// A link to it. One thread.
class PairedNode {
 public:
  // `node` is the name of a peer or an address, at which any peer may answer; `limit` holds beside that of the
  // configuration. Throws not_found for an unknown name, and what stands in the way of the link.
  PairedNode(const std::string& node, const std::optional<base::ByteCount>& limit, const Workplace& workplace);

  transport::Link& link() { return *link_; }

  // Ends the conversation.
  void finish() { link_->close(); }

 private:
  transport::Network network_;
  std::unique_ptr<transport::Link> link_;
};

}  // namespace jaunt::engine
