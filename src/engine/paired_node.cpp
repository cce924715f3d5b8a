#include "engine/paired_node.hpp"

#include <algorithm>
#include <vector>

#include <fmt/format.h>

#include "base/text.hpp"
#include "identity/node_key.hpp"
#include "identity/peers.hpp"

namespace jaunt::engine {

using base::Error;
using base::ErrorKind;
using identity::Peer;

namespace {

transport::Call call_of(const std::string& node, const std::optional<base::ByteCount>& limit,
                        const Workplace& workplace) {
  const identity::PeerBook peers(workplace.home.path());
  if (const auto peer = peers.find(node)) {
    if (peer->address.empty())
      throw Error(ErrorKind::not_found, "call", node, "nobody has said where it listens",
                  "name its address instead: VM@ADDRESS");
    return {.peer = node,
            .address = transport::parse_address(peer->address),
            .expected = [key = peer->key](const identity::PublicKey& shown) { return shown == key; },
            .limit = limit};
  }
  if (node.find_first_of(".:") == node.npos)
    peers.get(node);  // a name; says which one may be meant
  const std::vector<Peer> all = peers.list();
  if (all.empty())
    throw Error(ErrorKind::auth, "call", base::printable(node), "this node is not paired with any other",
                "`jaunt node invite` there, `jaunt node pair` here");
  return {.peer = node,
          .address = transport::parse_address(node),
          .expected =
              [all](const identity::PublicKey& shown) {
                return std::ranges::any_of(all, [&](const Peer& one) { return one.key == shown; });
              },
          .limit = limit};
}

}  // namespace

PairedNode::PairedNode(const std::string& node, const std::optional<base::ByteCount>& limit,
                       const Workplace& workplace)
    : network_(identity::NodeKey::load(workplace.home.path()), {.limit = workplace.config.node_limit.timetable}),
      link_(network_.connect(call_of(node, limit, workplace), workplace.cancel)) {}

}  // namespace jaunt::engine
