#include "engine/node_checks.hpp"

#include <fmt/format.h>

#include "base/quantity.hpp"
#include "base/text.hpp"
#include "identity/node_key.hpp"
#include "identity/peers.hpp"
#include "transport/network.hpp"

namespace jaunt::engine {

using base::Error;
using hypervisor::Check;
using hypervisor::Verdict;

namespace {

constexpr transport::Patience kHurried{.connect = std::chrono::seconds(2), .handshake = std::chrono::seconds(3)};

Check warning(const std::string& name, const Error& why) {
  return {.name = name, .verdict = Verdict::warning, .found = why.what(), .remedy = why.remedy()};
}

transport::Admission nobody() {
  return {.name_of = [](const auto&) { return std::optional<std::string>(); },
          .invites = [] { return false; },
          .redeem = [](const auto&, const auto&, const auto&) {}};
}

Check check_port(transport::Network& network, const ListenAddresses& listen, const base::CancelToken& cancel) {
  try {
    network.listen(listen.addresses, nobody(), cancel);
    return {.name = "port",
            .verdict = Verdict::ok,
            .found = fmt::format("{} is free; `jaunt serve` does not run", listen.text),
            .remedy = {}};
  } catch (const Error& why) {
    if (why.kind() != base::ErrorKind::busy)
      return warning("port", why);
    return {.name = "port",
            .verdict = Verdict::ok,
            .found = fmt::format("{} is in use, by `jaunt serve` unless another program took it", listen.text),
            .remedy = {}};
  }
}

Check check_peer(transport::Network& network, const identity::Peer& peer, const base::CancelToken& cancel) {
  const std::string name = fmt::format("peer {}", peer.name);
  if (peer.address.empty())
    return {
        .name = name, .verdict = Verdict::ok, .found = "it has no address here; it may come by itself", .remedy = {}};
  try {
    const auto link = network.connect({.peer = peer.name,
                                       .address = transport::parse_address(peer.address),
                                       .expected = [&](const auto& key) { return key == peer.key; }},
                                      cancel);
    return {.name = name,
            .verdict = Verdict::ok,
            .found = fmt::format("{} answers, {} there and back", peer.address,
                                 base::human_duration(link->measured().round_trip.value_or(std::chrono::seconds(0)))),
            .remedy = {}};
  } catch (const Error& why) {
    return warning(name, why);
  }
}

}  // namespace

std::vector<Check> check_node(const std::filesystem::path& home, const Config& config,
                              const base::CancelToken& cancel) {
  if (!std::filesystem::exists(home / identity::kNodeKeyFileName))
    return {{.name = "node",
             .verdict = Verdict::ok,
             .found = "it has no key, so it talks to no other host; `jaunt node init` makes one",
             .remedy = {}}};
  try {
    const auto key = identity::NodeKey::load(home);
    std::vector<Check> checks{{.name = "node", .verdict = Verdict::ok, .found = to_text(key.id()), .remedy = {}}};
    transport::Network network(key, {.patience = kHurried});
    checks.push_back(check_port(network, config.node_listen, cancel));
    for (const identity::Peer& peer : identity::PeerBook(home).list())
      checks.push_back(check_peer(network, peer, cancel));
    return checks;
  } catch (const Error& why) {
    return {{.name = "node", .verdict = Verdict::broken, .found = why.what(), .remedy = why.remedy()}};
  }
}

}  // namespace jaunt::engine
