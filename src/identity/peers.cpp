#include "identity/peers.hpp"

#include <algorithm>
#include <array>
#include <chrono>
#include <utility>

#include <fmt/format.h>

#include "base/error.hpp"
#include "base/file.hpp"
#include "base/file_lock.hpp"
#include "base/text.hpp"
#include "model/json_codec.hpp"

namespace jaunt::identity {

namespace fs = std::filesystem;
using base::Error;
using base::ErrorKind;

namespace {

constexpr int kSchema = 1;
constexpr base::ByteCount kFileBytesMax{4 * base::kMiB};
constexpr std::chrono::seconds kPatience{10};

constexpr std::array<std::pair<Verb, std::string_view>, 3> kVerbs{
    {{Verb::describe, "describe"}, {Verb::send, "send"}, {Verb::receive, "receive"}}};

struct PeerRecord {
  std::string name;
  base::Hash32 key{};
  std::string address;
  std::vector<std::string> verbs;
  std::vector<std::string> realms;
  std::int64_t paired = 0;
};
struct PeersRecord {
  std::vector<PeerRecord> peers;
};

PeerRecord record_of(const Peer& peer) {
  PeerRecord record{.name = peer.name,
                    .key = peer.key.bytes,
                    .address = peer.address,
                    .verbs = {},
                    .realms = peer.grants.realms,
                    .paired = peer.paired};
  for (const Verb verb : peer.grants.verbs)
    record.verbs.emplace_back(to_string(verb));
  return record;
}

template <typename T>
void put_in(std::vector<T>& sorted, const T& value) {
  const auto at = std::lower_bound(sorted.begin(), sorted.end(), value);
  if (at == sorted.end() || *at != value)
    sorted.insert(at, value);
}

Peer peer_of(const PeerRecord& record) {
  if (!valid_peer_name(record.name))
    throw Error(ErrorKind::corrupt, "read", "the peers",
                fmt::format("\"{}\" is no name", base::printable(record.name)));
  Peer peer{
      .name = record.name, .key = {record.key}, .address = record.address, .grants = {}, .paired = record.paired};
  for (const std::string& word : record.verbs)
    if (const auto verb = verb_from(word))  // a newer version's verb grants nothing here
      put_in(peer.grants.verbs, *verb);
  for (const std::string& realm : record.realms)
    put_in(peer.grants.realms, realm);
  return peer;
}

bool by_name(const Peer& left, const Peer& right) {
  return left.name < right.name;
}

auto named(std::vector<Peer>& peers, std::string_view name) {
  return std::find_if(peers.begin(), peers.end(), [&](const Peer& peer) { return peer.name == name; });
}

std::string free_name(std::vector<Peer>& others, const std::string& wanted) {
  std::string name = wanted;
  for (unsigned number = 2; named(others, name) != others.end(); ++number) {
    const std::string suffix = fmt::format("-{}", number);
    name = wanted.substr(0, kPeerNameBytesMax - suffix.size()) + suffix;
  }
  return name;
}

base::FileLock lock(const fs::path& home) {
  return base::FileLock::take(home / "peers.lock", kPatience);
}

bool letter_or_digit(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
}

}  // namespace

}  // namespace jaunt::identity

namespace jaunt::model {

template <>
inline constexpr auto kJsonFields<identity::PeerRecord> = std::tuple{
    JsonField{"name", &identity::PeerRecord::name},       JsonField{"key", &identity::PeerRecord::key},
    JsonField{"address", &identity::PeerRecord::address}, JsonField{"verbs", &identity::PeerRecord::verbs},
    JsonField{"realms", &identity::PeerRecord::realms},   JsonField{"paired", &identity::PeerRecord::paired}};

template <>
inline constexpr auto kJsonFields<identity::PeersRecord> =
    std::tuple{JsonField{"peers", &identity::PeersRecord::peers}};

}  // namespace jaunt::model

namespace jaunt::identity {

std::string_view to_string(Verb verb) {
  return std::find_if(kVerbs.begin(), kVerbs.end(), [&](const auto& pair) { return pair.first == verb; })->second;
}

std::optional<Verb> verb_from(std::string_view word) {
  for (const auto& [verb, name] : kVerbs)
    if (name == word)
      return verb;
  return std::nullopt;
}

bool Grants::may(Verb verb) const {
  return std::find(verbs.begin(), verbs.end(), verb) != verbs.end();
}

bool Grants::sees(std::string_view realm) const {
  return std::find(realms.begin(), realms.end(), realm) != realms.end();
}

void Grants::add(const Grants& more) {
  for (const Verb verb : more.verbs)
    put_in(verbs, verb);
  for (const std::string& realm : more.realms)
    put_in(realms, realm);
}

void Grants::take_away(const Grants& less) {
  std::erase_if(verbs, [&](Verb verb) { return less.may(verb); });
  std::erase_if(realms, [&](const std::string& realm) { return less.sees(realm); });
}

bool valid_peer_name(std::string_view name) {
  return !name.empty() && name.size() <= kPeerNameBytesMax && letter_or_digit(name.front()) &&
         std::all_of(name.begin(), name.end(),
                     [](char c) { return letter_or_digit(c) || c == '.' || c == '_' || c == '-'; });
}

std::string peer_name_from(std::string_view foreign) {
  std::string name;
  for (const char c : foreign.substr(0, kPeerNameBytesMax))
    if (letter_or_digit(c) || (!name.empty() && (c == '.' || c == '_' || c == '-')))
      name += c;
  return name.empty() ? "node" : name;
}

std::vector<Peer> PeerBook::load() const {
  const fs::path path = home_ / "peers.json";
  if (!fs::exists(path))
    return {};
  try {
    const auto record =
        model::json_codec::from_document<PeersRecord>("peers", kSchema, base::read_text_file(path, kFileBytesMax));
    std::vector<Peer> peers;
    for (const PeerRecord& one : record.peers)
      peers.push_back(peer_of(one));
    std::sort(peers.begin(), peers.end(), by_name);
    return peers;
  } catch (const Error& failure) {
    throw failure.within("know the peers of", path.string());
  }
}

void PeerBook::store(const std::vector<Peer>& peers) const {
  PeersRecord record;
  for (const Peer& peer : peers)
    record.peers.push_back(record_of(peer));
  base::write_text_file(home_ / "peers.json", model::json_codec::to_document("peers", kSchema, record) + "\n");
}

std::vector<Peer> PeerBook::list() const {
  return load();
}

std::optional<Peer> PeerBook::find(std::string_view name) const {
  auto peers = load();
  const auto found = named(peers, name);
  return found == peers.end() ? std::nullopt : std::optional(*found);
}

std::optional<Peer> PeerBook::find(const PublicKey& key) const {
  for (Peer& peer : load())
    if (peer.key == key)
      return std::move(peer);
  return std::nullopt;
}

Peer PeerBook::get(std::string_view name) const {
  if (auto peer = find(name))
    return std::move(*peer);
  refuse_unknown(name);
}

void PeerBook::refuse_unknown(std::string_view name) const {
  std::vector<std::string> names;
  for (const Peer& peer : load())
    names.push_back(peer.name);
  const auto meant = base::nearest_word(name, names);
  throw Error(ErrorKind::not_found, "find the node", base::printable(name), "this node is not paired with it",
              meant ? fmt::format("did you mean {}?", *meant) : "`jaunt node list` shows the paired ones");
}

Peer PeerBook::add(Peer peer, bool name_is_given) {
  base::invariant(valid_peer_name(peer.name), "a peer has a valid name");
  const auto held = lock(home_);
  auto peers = load();
  const auto known = std::find_if(peers.begin(), peers.end(), [&](const Peer& one) { return one.key == peer.key; });
  if (known != peers.end()) {
    if (!name_is_given)
      peer.name = known->name;
    if (peer.address.empty())
      peer.address = known->address;
    peer.grants.add(known->grants);
    peers.erase(known);
  }
  if (peers.size() >= kPeersMax)
    throw Error(ErrorKind::limit, "pair with", peer.name, fmt::format("{} nodes are paired already", kPeersMax),
                "jaunt node remove NAME");
  peer.name = free_name(peers, peer.name);
  peers.push_back(peer);
  std::sort(peers.begin(), peers.end(), by_name);
  store(peers);
  return peer;
}

void PeerBook::remove(std::string_view name) {
  const auto held = lock(home_);
  auto peers = load();
  const auto found = named(peers, name);
  if (found == peers.end())
    refuse_unknown(name);
  peers.erase(found);
  store(peers);
}

Peer PeerBook::change(std::string_view name, const std::function<void(Peer&)>& how) {
  const auto held = lock(home_);
  auto peers = load();
  const auto found = named(peers, name);
  if (found == peers.end())
    refuse_unknown(name);
  how(*found);
  Peer changed = *found;
  store(peers);
  return changed;
}

}  // namespace jaunt::identity
