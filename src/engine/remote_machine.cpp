#include "engine/remote_machine.hpp"

#include <fmt/format.h>

#include "base/text.hpp"
#include "engine/local_node.hpp"
#include "model/description_json.hpp"

namespace jaunt::engine {

namespace fs = std::filesystem;
using base::Error;
using base::ErrorKind;

namespace {

constexpr std::string_view kHomeScheme = "home:";

}  // namespace

std::string RemoteMachine::node() const {
  return fmt::format("{}{}", kHomeScheme, fs::weakly_canonical(home).string());
}

RemoteMachine parse_remote_machine(const std::string& text) {
  const auto at = text.rfind(fmt::format("@{}", kHomeScheme));
  const auto refuse = [&](const char* cause) {
    throw Error(ErrorKind::usage, "understand", base::printable(text), cause,
                "name the machine and the home of the node that has it: VM@home:DIR");
  };
  if (at == text.npos)
    refuse(text.find('@') == text.npos ? "it does not say which node has it"
                                       : "only other homes on this machine can be planned with yet");
  RemoteMachine machine{.name = text.substr(0, at), .home = text.substr(at + 1 + kHomeScheme.size())};
  if (machine.name.empty() || machine.home.empty())
    refuse("its machine or its home has no name");
  machine.home = fs::absolute(machine.home);
  return machine;
}

void with_machine(const RemoteMachine& machine, const std::string& format, const Workplace& workplace,
                  const SpeakOfMachine& work) {
  LocalNode node(machine.home, workplace.progress, workplace.cancel);
  try {
    Conversation conversation(node.link());
    const transport::Machine told = conversation.machine(machine.name, format);
    work(conversation, {model::description_from_json(told.description), told.as_of}, node.link());
  } catch (const Error&) {
    node.finish();
    throw;
  }
  node.finish();
}

}  // namespace jaunt::engine
