// One command line, understood.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "command_table.hpp"

namespace jaunt::cli {

// A command with its words. A value.
class Invocation {
 public:
  Invocation(const Command& command, std::map<std::string, std::string> options, std::vector<std::string> arguments)
      : command_(&command), options_(std::move(options)), arguments_(std::move(arguments)) {}

  const Command& command() const { return *command_; }
  const std::vector<std::string>& arguments() const { return arguments_; }

  // Asking for an option that the table does not give the command is a broken invariant.
  bool flag(std::string_view name) const { return value(name).has_value(); }
  std::optional<std::string> value(std::string_view name) const;

 private:
  const Command* command_;
  std::map<std::string, std::string> options_;  // switches have an empty value
  std::vector<std::string> arguments_;
};

// --help of one command, or of all when it is nullptr.
struct HelpWanted {
  const Command* command = nullptr;
};

// `words` are those after the program's name. Throws an Error of kind usage whose remedy names the help.
std::variant<Invocation, HelpWanted> parse(const std::vector<std::string>& words);

}  // namespace jaunt::cli
