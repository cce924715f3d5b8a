#include "engine/granted_link.hpp"

#include <utility>
#include <variant>

#include <fmt/format.h>

#include "transport/message_codec.hpp"

namespace jaunt::engine {

using base::Error;
using base::ErrorKind;
using identity::Verb;
namespace tp = transport;

namespace {

template <typename... Bodies>
bool is_one_of(const tp::Body& body) {
  return (std::holds_alternative<Bodies>(body) || ...);
}

Verb needed_for(const tp::Body& body) {
  return is_one_of<tp::Hello, tp::AskMachine, tp::AskSamples, tp::AskNodes, tp::AskGroups, tp::AskIds, tp::AskChecks,
                   tp::AskSizes>(body)
             ? Verb::describe
             : Verb::send;
}

}  // namespace

GrantedLink::GrantedLink(std::unique_ptr<tp::Link> link, identity::Grants grants, std::string realm)
    : link_(std::move(link)), grants_(std::move(grants)), realm_(std::move(realm)) {}

std::optional<base::Bytes> GrantedLink::receive() {
  auto frame = link_->receive();
  if (!frame)
    return frame;
  const tp::Message question = tp::decode(*frame);
  const Verb verb = needed_for(question.body);
  const auto refuse_without = [&](const std::string& what, const std::string& words) {
    const Error why(ErrorKind::auth, "answer", link_->peer(), fmt::format("this node is not granted {} there", what),
                    fmt::format("on that node: jaunt node grant {} {}", link_->peer(), words));
    refuse(*link_, question.number, why);
    throw Error(why);
  };
  if (!grants_.may(verb))
    refuse_without(fmt::format("\"{}\"", to_string(verb)), std::string(to_string(verb)));
  if (!grants_.sees(realm_))
    refuse_without(fmt::format("the realm \"{}\"", realm_), fmt::format("--realm {}", realm_));
  return frame;
}

void refuse(tp::Link& link, std::uint32_t question, const Error& why) {
  const std::string cause = why.remedy().empty() ? why.cause() : fmt::format("{} ({})", why.cause(), why.remedy());
  link.send(tp::encode(
      {.number = question, .body = tp::Refusal{.kind = why.kind(), .cause = cause.substr(0, tp::kCauseBytesMax)}}));
}

}  // namespace jaunt::engine
