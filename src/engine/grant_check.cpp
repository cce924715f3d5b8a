#include "engine/grant_check.hpp"

#include <variant>

#include <fmt/format.h>

#include "base/error.hpp"

namespace jaunt::engine {

using identity::Verb;
namespace tp = transport;

namespace {

template <typename... Bodies>
bool is_one_of(const tp::Body& body) {
  return (std::holds_alternative<Bodies>(body) || ...);
}

Verb needed_for(const tp::Body& body) {
  return is_one_of<tp::Hello, tp::AskMachine, tp::AskSamples, tp::AskNodes, tp::AskGroups, tp::AskIds, tp::AskChecks,
                   tp::AskSizes, tp::AskProbe, tp::AskOrder, tp::AskArchives, tp::AskPackages>(body)
             ? Verb::describe
             : Verb::send;
}

[[noreturn]] void refuse(const std::string& peer, const std::string& what, const std::string& words) {
  throw base::Error(base::ErrorKind::auth, "answer", peer, fmt::format("this node is not granted {} there", what),
                    fmt::format("on that node: jaunt node grant {} {}", peer, words));
}

}  // namespace

void check_granted(const tp::Body& question, const identity::Grants& grants, std::string_view realm,
                   const std::string& peer) {
  const Verb verb = needed_for(question);
  if (!grants.may(verb))
    refuse(peer, fmt::format("\"{}\"", to_string(verb)), std::string(to_string(verb)));
  if (!grants.sees(realm))
    refuse(peer, fmt::format("the realm \"{}\"", realm), fmt::format("--realm {}", realm));
}

}  // namespace jaunt::engine
