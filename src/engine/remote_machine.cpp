#include "engine/remote_machine.hpp"

#include <fmt/format.h>

#include "base/text.hpp"
#include "codec/zstd_frame.hpp"
#include "engine/local_node.hpp"
#include "engine/paired_node.hpp"
#include "engine/turned_link.hpp"
#include "model/description_json.hpp"

namespace jaunt::engine {

namespace fs = std::filesystem;
using base::Error;
using base::ErrorKind;
namespace tp = transport;

namespace {

constexpr std::string_view kHomeScheme = "home:";

ToldMachine understood(const tp::Machine& told) {
  ToldMachine machine{.description = model::description_from_json(told.description), .as_of = told.as_of};
  machine.packages = told.packages;
  if (!told.consistency.empty())
    machine.instant = Instant{told.frozen, told.consistency};
  machine.firmware.resize(told.firmware_bytes);
  if (told.firmware_bytes > 0)
    codec::FrameDecompressor().decompress(told.firmware, machine.firmware);
  return machine;
}

// A source that has dialled in.
struct Caller {
  AskingEnd& end;

  tp::Link& link() const { return end; }
  void finish() const { end.end_conversation(); }
};

std::size_t node_begins(const std::string& text) {
  const auto at_home = text.rfind(fmt::format("@{}", kHomeScheme));
  return at_home != text.npos ? at_home : text.rfind('@');
}

template <typename Node>
void speak(Node&& node, const RemoteMachine& machine, const std::string& format, const SpeakOfMachine& work) {
  try {
    Conversation conversation(node.link());
    const tp::Machine told = conversation.machine(
        {.subject = machine.name, .format = format, .bit_exact = machine.bit_exact, .media = machine.media});
    work(conversation, understood(told), node.link());
  } catch (const Error&) {
    node.finish();
    throw;
  }
  node.finish();
}

}  // namespace

std::string RemoteMachine::node() const {
  if (home.empty())
    return peer;
  std::error_code hidden;  // from this user; whoever asks for it finds out
  const fs::path found = fs::weakly_canonical(home, hidden);
  return fmt::format("{}{}", kHomeScheme, (hidden ? home : found).string());
}

RemoteMachine parse_remote_machine(const std::string& text) {
  const auto refuse = [&](const char* cause) {
    throw Error(ErrorKind::usage, "understand", base::printable(text), cause,
                "name the machine and the node that has it: VM@NODE, or VM@home:DIR for a home on this machine");
  };
  const auto at = node_begins(text);
  if (at == text.npos)
    refuse("it does not say which node has it");
  RemoteMachine machine{.name = text.substr(0, at), .home = {}};
  const std::string node = text.substr(at + 1);
  if (node.starts_with(kHomeScheme))
    machine.home = node.substr(kHomeScheme.size());
  else
    machine.peer = node;
  if (machine.name.empty() || (machine.home.empty() && machine.peer.empty()))
    refuse("its machine or its node has no name");
  if (!machine.home.empty())
    machine.home = fs::absolute(machine.home);
  return machine;
}

std::vector<std::string> with_their_nodes(std::vector<std::string> machines) {
  std::string node;
  for (std::size_t i = machines.size(); i > 0; --i) {
    std::string& machine = machines[i - 1];
    if (const auto at = node_begins(machine); at != machine.npos)
      node = machine.substr(at);
    else
      machine += node;
  }
  return machines;
}

void with_machine(const RemoteMachine& machine, const std::string& format, const Workplace& workplace,
                  const SpeakOfMachine& work) {
  if (!machine.dials_in.empty()) {
    base::invariant(workplace.caller != nullptr, "nobody dials a source that dials in");
    return speak(Caller{*workplace.caller}, machine, format, work);
  }
  if (machine.home.empty()) {
    PairedNode node(machine.peer, machine.limit, workplace);
    return speak(node, machine, format, work);
  }
  if (machine.limit)
    throw Error(ErrorKind::usage, "limit the link to", base::printable(machine.node()),
                "a home on this machine is spoken to without a link", "leave --limit out");
  LocalNode node(machine.home, workplace.progress, workplace.cancel);
  speak(node, machine, format, work);
}

}  // namespace jaunt::engine
