// The nodes that this one is paired with, and what each may do here.
#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "identity/node_key.hpp"

namespace jaunt::identity {

// What a peer may ask of this node.
enum class Verb {
  describe,  // what machines here are made of, and how they differ from what it has
  send,      // to be sent their blocks
  receive,   // to put machines here
};
std::string_view to_string(Verb verb);
std::optional<Verb> verb_from(std::string_view word);

struct Grants {
  std::vector<Verb> verbs;          // ascending
  std::vector<std::string> realms;  // ascending

  bool may(Verb verb) const;
  bool sees(std::string_view realm) const;

  void add(const Grants& more);
  void take_away(const Grants& less);

  bool operator==(const Grants&) const = default;
};

struct Peer {
  std::string name;  // what it is called here
  PublicKey key;
  std::string address;  // where it listens, as far as is known; empty otherwise
  Grants grants;
  std::int64_t paired = 0;  // seconds since 1970

  bool operator==(const Peer&) const = default;
};

inline constexpr std::size_t kPeersMax = 1024;
inline constexpr std::size_t kPeerNameBytesMax = 64;

// Letters, digits, '.', '_' and '-', beginning with a letter or a digit.
bool valid_peer_name(std::string_view name);
// The nearest valid name to what another node calls itself.
std::string peer_name_from(std::string_view foreign);

// HOME/peers.json. Any process and thread; each change is one durable step.
class PeerBook {
 public:
  explicit PeerBook(std::filesystem::path home) : home_(std::move(home)) {}

  std::vector<Peer> list() const;  // by name
  std::optional<Peer> find(std::string_view name) const;
  std::optional<Peer> find(const PublicKey& key) const;
  // Throws not_found, with the nearest name there is.
  Peer get(std::string_view name) const;

  // A key that is known keeps its name, unless `name_is_given`; a name that somebody else has gets a number. What was
  // granted before stays. Returns what is kept.
  Peer add(Peer peer, bool name_is_given);
  void remove(std::string_view name);
  // Returns what is kept now.
  Peer change(std::string_view name, const std::function<void(Peer&)>& how);

 private:
  std::vector<Peer> load() const;
  void store(const std::vector<Peer>& peers) const;
  [[noreturn]] void refuse_unknown(std::string_view name) const;

  std::filesystem::path home_;
};

}  // namespace jaunt::identity
