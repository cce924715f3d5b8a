// Who a node is: its key pair, and the fingerprint by which people know it.
#pragma once

#include <array>
#include <compare>
#include <cstddef>
#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "base/bytes.hpp"

namespace jaunt::identity {

// Ed25519.
struct PublicKey {
  std::array<std::byte, 32> bytes{};

  auto operator<=>(const PublicKey&) const = default;
};

// The first bytes of a hash of the public key. Whoever is pinned is pinned by the whole key; this is its name for
// people and in tokens.
struct NodeId {
  std::array<std::byte, 16> bytes{};

  auto operator<=>(const NodeId&) const = default;
};
NodeId id_of(const PublicKey& key);
std::string to_text(const NodeId& id);  // 32 hexadecimal digits

using Signature = std::array<std::byte, 64>;

inline constexpr std::string_view kNodeKeyFileName = "node.key";

// The private key of this node. Shared by copies, never changed; any thread.
class NodeKey {
 public:
  static NodeKey generate();
  // Makes HOME/node.key (0600). A node that has a key keeps it: busy.
  static NodeKey create(const std::filesystem::path& home);
  // Throws not_found when there is none yet, auth when others could read it.
  static NodeKey load(const std::filesystem::path& home);

  const PublicKey& public_key() const { return public_key_; }
  NodeId id() const { return id_of(public_key_); }

  // `purpose` keeps signatures of different things apart: one made for a receipt never passes for another thing.
  Signature sign(std::string_view purpose, base::ByteView bytes) const;

 private:
  friend struct Credentials;
  struct Pair;
  explicit NodeKey(std::shared_ptr<const Pair> pair);

  std::shared_ptr<const Pair> pair_;
  PublicKey public_key_;
};

bool verify(const PublicKey& key, std::string_view purpose, base::ByteView bytes, const Signature& signature);

}  // namespace jaunt::identity
