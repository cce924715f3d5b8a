// This node on the network: links to others, and a listener for those that others make.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/error.hpp"
#include "identity/node_key.hpp"
#include "identity/secret.hpp"
#include "transport/address.hpp"
#include "transport/link.hpp"
#include "transport/pair_talk.hpp"
#include "transport/talk.hpp"
#include "transport/timetable.hpp"

namespace jaunt::transport {

struct NetworkTerms {
  Timetable limit = {};  // of all links together, in either direction
  Patience patience = {};
  Width width = {};                                  // of links that this node makes
  std::function<void(const std::string&)> log = {};  // a sentence for whoever runs the node; from another thread
  std::function<void()> refused = {};                // a visitor was; from another thread
};

// How a node is called.
struct Call {
  std::string peer;  // its name, for messages
  Address address;
  std::function<bool(const identity::PublicKey&)> expected;  // any other key is refused; another thread asks
  std::optional<base::ByteCount> limit = {};                 // of this link, in either direction
};

// Who may come, and how invitations are honoured. Asked on another thread; all may throw, which refuses.
struct Admission {
  std::function<std::optional<std::string>(const identity::PublicKey&)> name_of;  // nullopt: not paired
  std::function<bool()> invites;                                                  // whether any invitation is open
  // `host` is the address it comes from.
  std::function<void(const InviterTalk::Knows&, const Acquaintance&, const std::string& host)> redeem;
  OwnWords own_words = {};
};

// A link that somebody made to this node.
struct Visitor {
  identity::PublicKey key;
  std::string name;
  std::string host;
  std::unique_ptr<Link> link;
};

// How many of each may be at once; what comes beyond is refused.
inline constexpr std::size_t kHalfOpenMax = 64;          // connections that have not greeted yet
inline constexpr std::size_t kHalfOpenOfOneHostMax = 8;  // of one IPv4 address or IPv6 network of 64 bits
inline constexpr std::size_t kConnectionsMax = 1024;
inline constexpr std::size_t kLinksOfOnePeerMax = 32;
inline constexpr std::size_t kWaitingVisitorsMax = 32;

class Listener;

// The thread that moves the bytes of all links. Links may outlive it, and are lost then. Any thread.
class Network {
 public:
  Network(const identity::NodeKey& key, NetworkTerms terms);
  // Waits until what was sent on links that were left has gone, for some seconds at most.
  ~Network();
  Network(const Network&) = delete;
  Network& operator=(const Network&) = delete;

  // A link to a node whose key is expected. Errors are of kind peer (not reached), auth (either side refuses the
  // other) or as the other side says.
  std::unique_ptr<Link> connect(const Call& call, const base::CancelToken& cancel);

  // Meets the node that gave the invitation; returns once both sides have proven the secret.
  Acquaintance pair(const Call& call, const identity::Secret& secret, const OwnWords& words,
                    const base::CancelToken& cancel);

  // Port 0 takes any that is free. Throws busy when an address is taken.
  std::unique_ptr<Listener> listen(const std::vector<Address>& addresses, Admission admission,
                                   const base::CancelToken& cancel);

 private:
  struct Thread;
  const Width width_;
  std::unique_ptr<Thread> thread_;
};

// Takes visitors until it is destroyed, before its network; their links go on. Any thread.
class Listener {
 public:
  struct State;
  explicit Listener(std::shared_ptr<State> state) : state_(std::move(state)) {}
  ~Listener();
  Listener(const Listener&) = delete;
  Listener& operator=(const Listener&) = delete;

  // Waits for the next one.
  Visitor accept();
  const std::vector<Address>& addresses() const;  // with the ports that were taken

 private:
  std::shared_ptr<State> state_;
};

}  // namespace jaunt::transport
