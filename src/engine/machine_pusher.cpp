#include "engine/machine_pusher.hpp"

#include <optional>

#include <fmt/format.h>

#include "base/text.hpp"
#include "engine/machine_server.hpp"
#include "engine/paired_node.hpp"
#include "engine/teleport_job.hpp"
#include "engine/turned_link.hpp"
#include "transport/message_codec.hpp"

namespace jaunt::engine {

using base::Error;
using base::ErrorKind;
namespace tp = transport;

namespace {

constexpr const char* kGoOn = "the same command goes on with what has arrived";

Error told_by(const tp::Refusal& refusal, const std::string& node) {
  return {refusal.kind, "push to", node, base::printable(refusal.cause)};
}

tp::Receiving begin(tp::Link& link, const tp::AskReceive& wish) {
  link.send(tp::encode({.number = 1, .body = wish}));
  const auto frame = link.receive();
  if (!frame)
    throw Error(ErrorKind::peer, "push to", link.peer(), "it ended the conversation");
  const tp::Message answer = tp::decode(*frame);
  if (const auto* refusal = std::get_if<tp::Refusal>(&answer.body))
    throw told_by(*refusal, link.peer());
  if (const auto* receiving = std::get_if<tp::Receiving>(&answer.body))
    return *receiving;
  throw Error(ErrorKind::corrupt, "hear from", link.peer(), "its answer is to another question");
}

// Whoever pushes one machine lets that node ask about no other.
void check_question(const tp::Body& question, const tp::AskReceive& wish, const std::string& node) {
  const auto* machine = std::get_if<tp::AskMachine>(&question);
  if (machine != nullptr && (machine->subject != wish.subject || machine->format != wish.format))
    throw Error(ErrorKind::auth, "answer", node, "it asks about a machine that is not pushed to it");
}

// Each has the machine as it is then.
void converse(AnsweringEnd& end, tp::Link& link, const tp::AskReceive& wish, const Workplace& workplace) {
  std::optional<Error> failure;
  while (end.next_conversation()) {
    failure.reset();
    try {
      // What this node does is told by the other one's stages.
      base::Progress silent;
      serve_machine(
          end, {.home = workplace.home, .config = workplace.config, .progress = silent, .cancel = workplace.cancel},
          [&](const tp::Body& question) { check_question(question, wish, link.peer()); });
    } catch (const Error& why) {
      failure = why;  // which that node was told; it may know what to do about it
    }
    if (!end.finished() && !end.refusal())
      link.send(tp::encode({.number = 0, .body = tp::Over{}}));
  }
  if (!end.finished() && failure)
    throw Error(*failure);
}

}  // namespace

std::string push_machine(const PushOptions& options, const Workplace& workplace) {
  PairedNode node(options.node, options.limit, workplace);
  tp::Link& link = node.link();
  const tp::Receiving receiving = begin(link, options.wish);
  const std::string job = base::printable(receiving.job);
  workplace.progress.note(
      fmt::format("job {} of {}{}", job, link.peer(), receiving.resumed ? ", which goes on" : ""));
  AnsweringEnd end(link, workplace.progress);
  try {
    converse(end, link, options.wish, workplace);
  } catch (const base::Cancelled&) {
    workplace.progress.note(fmt::format("interrupted; {}", kGoOn));
    Interrupted interrupted;
    interrupted.job = job;
    throw interrupted;
  } catch (const Error& failure) {
    if (failure.kind() != ErrorKind::peer)
      throw;
    throw Error(failure.kind(), failure.operation(), failure.subject(), failure.cause(),
                failure.remedy().empty() ? kGoOn : failure.remedy() + "; then " + kGoOn);
  }
  node.finish();
  if (end.refusal())
    throw told_by(*end.refusal(), link.peer());
  if (!end.finished())
    throw Error(ErrorKind::peer, "push to", link.peer(), "it ended the conversation", kGoOn);
  return end.finished()->summary;
}

}  // namespace jaunt::engine
