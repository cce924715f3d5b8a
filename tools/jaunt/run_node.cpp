// jaunt node: who this node is, and whom it knows.
#include <cstdio>
#include <ctime>
#include <iostream>

#include <fmt/chrono.h>
#include <fmt/format.h>
#include <nlohmann/json.hpp>
#include <unistd.h>

#include "base/text.hpp"
#include "context.hpp"
#include "engine/pairing.hpp"
#include "handlers.hpp"
#include "identity/node_key.hpp"
#include "identity/peers.hpp"
#include "interrupt.hpp"
#include "page.hpp"

namespace jaunt::cli {

using base::Error;
using base::ErrorKind;
using identity::Grants;
using identity::Peer;
using identity::Verb;
using Json = nlohmann::ordered_json;

namespace {

constexpr std::size_t kTokenBytesMax = 4096;

std::string moment(std::int64_t seconds) {
  return fmt::format("{:%Y-%m-%d %H:%M:%S}", fmt::localtime(static_cast<std::time_t>(seconds)));
}

std::vector<std::string> words_of(const Grants& grants) {
  std::vector<std::string> words;
  for (const Verb verb : grants.verbs)
    words.emplace_back(to_string(verb));
  return words;
}

Json json_of(const Peer& peer) {
  return {{"type", "peer"},
          {"name", peer.name},
          {"node", to_text(identity::id_of(peer.key))},
          {"address", base::printable(peer.address)},
          {"verbs", words_of(peer.grants)},
          {"realms", peer.grants.realms},
          {"paired", peer.paired}};
}

std::string granted(const Grants& grants) {
  if (grants.verbs.empty())
    return "may do nothing here";
  return fmt::format("may {} in {}", joined(words_of(grants)),
                     grants.realms.empty() ? std::string("no realm") : joined(grants.realms));
}

void print(const Peer& peer, bool json) {
  if (json)
    fmt::print("{}\n", json_of(peer).dump());
  else
    fmt::print("{}  {}  {}  {}\n", peer.name, to_text(identity::id_of(peer.key)),
               peer.address.empty() ? "no address" : base::printable(peer.address), granted(peer.grants));
}

Verb verb_of(const std::string& word) {
  if (const auto verb = identity::verb_from(word))
    return *verb;
  throw Error(ErrorKind::usage, "understand", base::printable(word), "it is no verb",
              "a peer can be granted describe, send and receive");
}

void add_words(Grants& grants, std::string_view list) {
  while (!list.empty()) {
    const auto comma = std::min(list.find(','), list.size());
    grants.add({.verbs = {verb_of(std::string(list.substr(0, comma)))}, .realms = {}});
    list.remove_prefix(std::min(comma + 1, list.size()));
  }
}

// Of --grant and --realm: verbs without a realm hold in the default one.
Grants grants_of(const Invocation& invocation) {
  Grants grants;
  add_words(grants, invocation.value("--grant").value_or(""));
  if (const auto realm = invocation.value("--realm"))
    grants.add({.verbs = {}, .realms = {*realm}});
  else if (!grants.verbs.empty())
    grants.add({.verbs = {}, .realms = {"default"}});
  return grants;
}

std::optional<std::string> name_of(const Invocation& invocation) {
  const auto name = invocation.value("--name");
  if (name && !identity::valid_peer_name(*name))
    throw Error(ErrorKind::usage, "understand", fmt::format("--name {}", base::printable(*name)),
                "it is no name for a node",
                "use letters, digits, '.', '_' and '-', beginning with a letter or a digit");
  return name;
}

// From the prompt of a terminal, without showing it, or from standard input.
std::string read_token() {
  if (::isatty(STDIN_FILENO) == 0) {
    std::string text;
    for (int c = std::getchar(); c != EOF && text.size() < kTokenBytesMax; c = std::getchar())
      text += static_cast<char>(c);
    return text;
  }
  const char* const typed = ::getpass("The invitation that `jaunt node invite` printed there: ");
  return typed == nullptr ? "" : typed;
}

int change_grants(const Invocation& invocation, void (Grants::*how)(const Grants&), bool with_default) {
  const auto& words = invocation.arguments();
  Grants named;
  for (std::size_t i = 1; i < words.size(); ++i)
    named.add({.verbs = {verb_of(words[i])}, .realms = {}});
  if (const auto realm = invocation.value("--realm"))
    named.add({.verbs = {}, .realms = {*realm}});
  if (named == Grants{})
    throw Error(ErrorKind::usage, "change what may be done by", base::printable(words.front()),
                "neither a verb nor a realm is named", "jaunt node grant --help");
  const engine::Home home(home_path(invocation));
  const Peer changed = identity::PeerBook(home.path()).change(words.front(), [&](Peer& peer) {
    (peer.grants.*how)(named);
    // Verbs without a realm would grant nothing.
    if (with_default && peer.grants.realms.empty())
      peer.grants.add({.verbs = {}, .realms = {"default"}});
  });
  print(changed, invocation.flag("--json"));
  return 0;
}

void print_key(const identity::NodeKey& key, const Invocation& invocation) {
  const engine::Config config = engine::valid_config(load_config(invocation));
  if (invocation.flag("--json"))
    fmt::print("{}\n", Json({{"type", "node"},
                             {"node", to_text(key.id())},
                             {"home", base::printable(home_path(invocation).string())},
                             {"listen", config.node_listen.text}})
                           .dump());
  else
    fmt::print("{}\n", to_text(key.id()));
}

}  // namespace

int run_node_init(const Invocation& invocation) {
  const engine::Home home(home_path(invocation));
  print_key(identity::NodeKey::create(home.path()), invocation);
  return 0;
}

int run_node_show(const Invocation& invocation) {
  const engine::Home home(home_path(invocation));
  if (invocation.arguments().empty())
    print_key(identity::NodeKey::load(home.path()), invocation);
  else
    print(identity::PeerBook(home.path()).get(invocation.arguments().front()), invocation.flag("--json"));
  return 0;
}

int run_node_invite(const Invocation& invocation) {
  const engine::Home home(home_path(invocation));
  const engine::Invitation invitation =
      engine::invite(home, {.name = name_of(invocation).value_or(""), .grants = grants_of(invocation)});
  if (invocation.flag("--json")) {
    fmt::print("{}\n",
               Json({{"type", "invitation"}, {"token", invitation.token}, {"expires", invitation.expires}}).dump());
    return 0;
  }
  fmt::print("{}\n", invitation.token);
  if (!invocation.flag("--quiet"))
    fmt::print(stderr,
               "Good once, until {}, while `jaunt serve` runs here. On the other host:\n"
               "  jaunt node pair ADDRESS-OF-THIS-HOST\n",
               moment(invitation.expires));
  return 0;
}

int run_node_pair(const Invocation& invocation) {
  const engine::Config config = engine::valid_config(load_config(invocation));
  const engine::Home home(home_path(invocation));
  const engine::PairOptions options{.name = name_of(invocation), .grants = grants_of(invocation)};
  identity::NodeKey::load(home.path());  // before anybody is asked for anything
  print(engine::pair_with(invocation.arguments().front(), read_token(), options, home, config, interrupted()),
        invocation.flag("--json"));
  return 0;
}

int run_node_list(const Invocation& invocation) {
  const engine::Home home(home_path(invocation));
  const auto peers = identity::PeerBook(home.path()).list();
  for (const Peer& peer : peers)
    print(peer, invocation.flag("--json"));
  if (peers.empty() && !invocation.flag("--json") && !invocation.flag("--quiet"))
    fmt::print("this node is not paired with any other\n");
  return 0;
}

int run_node_remove(const Invocation& invocation) {
  const engine::Home home(home_path(invocation));
  identity::PeerBook(home.path()).remove(invocation.arguments().front());
  return 0;
}

int run_node_grant(const Invocation& invocation) {
  return change_grants(invocation, &Grants::add, true);
}

int run_node_revoke(const Invocation& invocation) {
  return change_grants(invocation, &Grants::take_away, false);
}

}  // namespace jaunt::cli
