// The one table of commands: the parser, --help, man pages and completions are all made from it.
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace jaunt::cli {

class Invocation;

// What a shell offers to complete a word with.
enum class Completion { nothing, choice, file, folder, machine };

struct Option {
  std::string name;   // "--format"
  std::string value;  // the placeholder of its value; empty for a switch
  std::string meaning;
  std::string short_name = {};  // "-h"
  std::vector<std::string> choices = {};
  Completion completion = Completion::nothing;
};

struct Argument {
  std::string name;  // "VM|IMAGE"; empty: the command takes none
  std::string meaning = {};
  bool repeats = false;
  bool required = true;
  std::vector<std::string> choices = {};
  Completion completion = Completion::nothing;
};

struct Example {
  std::string command;
  std::string meaning;
};

struct Command {
  std::string name;                      // "config check"
  std::string summary;                   // begins a sentence, without its full stop
  std::vector<std::string> description;  // paragraphs
  Argument argument = {};
  std::vector<Option> options = {};
  std::vector<Example> examples = {};
  int (*handler)(const Invocation&) = nullptr;  // returns the exit code
};

struct ExitCode {
  int code;
  std::string meaning;
};

inline constexpr std::string_view kTagline =
    "teleports virtual machines by sending only what the other side cannot find";

std::span<const Command> commands();
std::span<const Option> global_options();  // understood before and after every command's name
std::span<const ExitCode> exit_codes();

const Command* find_command(std::string_view name);
// "config" for "config check": what several commands begin with; each once.
std::vector<std::string> command_groups();
// "--format FORMAT"
std::string spelled(const Option& option);
// "jaunt describe [OPTION]... VM|IMAGE..."
std::string usage(const Command& command);

}  // namespace jaunt::cli
