#include "completions.hpp"

#include <algorithm>
#include <set>
#include <vector>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "base/error.hpp"
#include "command_table.hpp"

namespace jaunt::cli {

namespace {

constexpr std::string_view kMachines = "virsh --quiet list --all --name 2>/dev/null";

// Words of a command's name: its first, and its second or "".
std::pair<std::string, std::string> words_of(const Command& command) {
  const auto space = command.name.find(' ');
  return space == command.name.npos ? std::pair(command.name, std::string())
                                    : std::pair(command.name.substr(0, space), command.name.substr(space + 1));
}

std::vector<std::string> first_words() {
  std::vector<std::string> words;
  for (const Command& command : commands())
    if (const std::string word = words_of(command).first; words.empty() || words.back() != word)
      words.push_back(word);
  return words;
}

std::vector<std::string> second_words(const std::string& first) {
  std::vector<std::string> words;
  for (const Command& command : commands())
    if (const auto [group, second] = words_of(command); group == first && !second.empty())
      words.push_back(second);
  return words;
}

std::vector<std::string> option_words(const Command& command) {
  std::vector<std::string> words;
  for (const Option& option : command.options)
    words.push_back(option.name);
  for (const Option& option : global_options())
    words.push_back(option.name);
  return words;
}

std::string quoted(std::string_view text) {
  std::string result = "'";
  for (const char c : text)
    result += c == '\'' ? "'\\''" : std::string(1, c);
  return result + "'";
}

std::string bash_words(Completion completion, const std::vector<std::string>& choices) {
  switch (completion) {
    case Completion::choice:
      return fmt::format("COMPREPLY=($(compgen -W '{}' -- \"$word\"))", fmt::join(choices, " "));
    case Completion::file:
      return "COMPREPLY=($(compgen -f -- \"$word\"))";
    case Completion::folder:
      return "COMPREPLY=($(compgen -d -- \"$word\"))";
    case Completion::machine:
      return fmt::format("COMPREPLY=($(compgen -f -W \"$({})\" -- \"$word\"))", kMachines);
    case Completion::nothing:
      break;
  }
  return "COMPREPLY=()";
}

std::string bash_values(std::span<const Option> options) {
  std::string text;
  for (const Option& option : options)
    if (!option.value.empty())
      text += fmt::format("    {}) {}; return ;;\n", option.name, bash_words(option.completion, option.choices));
  return text;
}

std::string bash() {
  std::string text =
      "# Completions of jaunt for bash, made from its table of commands.\n"
      "_jaunt() {\n"
      "  local word=${COMP_WORDS[COMP_CWORD]} before=${COMP_WORDS[COMP_CWORD-1]} first= second= i\n"
      "  for ((i = 1; i < COMP_CWORD; i++)); do\n"
      "    case ${COMP_WORDS[i]} in\n"
      "      --home|--threads) ((i++)) ;;\n"
      "      -*) ;;\n"
      "      *) if [[ -z $first ]]; then first=${COMP_WORDS[i]}; elif [[ -z $second ]]; then "
      "second=${COMP_WORDS[i]}; fi ;;\n"
      "    esac\n"
      "  done\n"
      "  compopt -o filenames 2>/dev/null\n"
      "  case $before in\n" +
      bash_values(global_options());
  std::set<std::string> done;
  for (const Command& command : commands())
    for (const Option& option : command.options)
      if (done.insert(option.name).second)
        text += bash_values({&option, 1});
  text += "  esac\n";
  text += fmt::format("  if [[ -z $first ]]; then\n    COMPREPLY=($(compgen -W '{} ", fmt::join(first_words(), " "));
  std::vector<std::string> globals;
  for (const Option& option : global_options())
    globals.push_back(option.name);
  text += fmt::format("{}' -- \"$word\"))\n    return\n  fi\n  case $first in\n", fmt::join(globals, " "));
  for (const std::string& group : command_groups())
    text += fmt::format(
        "    {0}) if [[ -z $second ]]; then COMPREPLY=($(compgen -W '{1}' -- \"$word\")); return; fi; first=\"{0} "
        "$second\" ;;\n",
        group, fmt::join(second_words(group), " "));
  text += "  esac\n  case $first in\n";
  for (const Command& command : commands())
    text += fmt::format(
        "    {}) if [[ $word == -* ]]; then COMPREPLY=($(compgen -W '{}' -- \"$word\")); else {}; fi ;;\n",
        quoted(command.name), fmt::join(option_words(command), " "),
        bash_words(command.argument.completion, command.argument.choices));
  return text + "  esac\n}\ncomplete -F _jaunt jaunt\n";
}

std::string zsh_action(Completion completion, const std::vector<std::string>& choices) {
  switch (completion) {
    case Completion::choice:
      return fmt::format("({})", fmt::join(choices, " "));
    case Completion::file:
      return "_files";
    case Completion::folder:
      return "_files -/";
    case Completion::machine:
      return "_jaunt_machines";
    case Completion::nothing:
      break;
  }
  return " ";
}

std::string zsh_escaped(std::string_view text) {
  std::string result;
  for (const char c : text)
    result += c == '[' || c == ']' || c == ':' ? fmt::format("\\{}", c) : std::string(1, c);
  return result;
}

std::string zsh_arguments(const Command& command) {
  std::string text = "_arguments";
  const auto add = [&](const Option& option) {
    const std::string value =
        option.value.empty() ? ""
                             : fmt::format(":{}:{}", option.value, zsh_action(option.completion, option.choices));
    text += " " + quoted(fmt::format("{}[{}]{}", option.name, zsh_escaped(option.meaning), value));
  };
  for (const Option& option : command.options)
    add(option);
  for (const Option& option : global_options())
    add(option);
  if (!command.argument.name.empty())
    text += " " + quoted(fmt::format("{}:{}:{}", command.argument.repeats ? "*" : "1", command.argument.name,
                                     zsh_action(command.argument.completion, command.argument.choices)));
  return text;
}

std::string zsh() {
  std::string text = fmt::format(
      "#compdef jaunt\n"
      "# Completions of jaunt for zsh, made from its table of commands.\n"
      "_jaunt_machines() {{\n"
      "  local -a machines=(${{(f)\"$({})\"}})\n"
      "  compadd -a machines\n"
      "  _files\n"
      "}}\n"
      "_jaunt() {{\n"
      "  if (( CURRENT == 2 )); then\n"
      "    local -a known=(\n",
      kMachines);
  for (const std::string& word : first_words()) {
    const Command* command = find_command(word);
    const std::string meaning =
        command == nullptr ? fmt::format("{}", fmt::join(second_words(word), ", ")) : command->summary;
    text += fmt::format("      {}\n", quoted(word + ":" + zsh_escaped(meaning)));
  }
  text +=
      "    )\n    _describe command known\n    return\n  fi\n  local name=$words[2]\n  shift words; (( CURRENT-- "
      "))\n  case $name in\n";
  for (const std::string& group : command_groups())
    text += fmt::format(
        "    {0}) if (( CURRENT == 2 )); then compadd {1}; return; fi; name=\"{0} $words[2]\"; shift words; (( "
        "CURRENT-- )) ;;\n",
        group, fmt::join(second_words(group), " "));
  text += "  esac\n  case $name in\n";
  for (const Command& command : commands())
    text += fmt::format("    {}) {} ;;\n", quoted(command.name), zsh_arguments(command));
  // Both as a file in $fpath and when it is sourced.
  return text + "  esac\n}\nif [[ $funcstack[1] == _jaunt ]]; then _jaunt \"$@\"; else compdef _jaunt jaunt; fi\n";
}

std::string fish_line(std::string_view condition, std::string_view rest) {
  return fmt::format("complete -c jaunt -n {} {}\n", quoted(condition), rest);
}

std::string fish_values(Completion completion, const std::vector<std::string>& choices) {
  switch (completion) {
    case Completion::choice:
      return fmt::format("-x -a {}", quoted(fmt::format("{}", fmt::join(choices, " "))));
    case Completion::file:
      return "-r -F";
    case Completion::folder:
      return "-x -a '(__fish_complete_directories)'";
    case Completion::machine:
      return fmt::format("-F -a {}", quoted(fmt::format("({})", kMachines)));
    case Completion::nothing:
      break;
  }
  return "-x";
}

std::string fish_option(const Option& option) {
  std::string text = fmt::format("-l {} -d {}", option.name.substr(2), quoted(option.meaning));
  if (!option.short_name.empty())
    text += fmt::format(" -s {}", option.short_name.substr(1));
  if (!option.value.empty())
    text += " " + fish_values(option.completion, option.choices);
  return text;
}

std::string fish() {
  std::string text = "# Completions of jaunt for fish, made from its table of commands.\ncomplete -c jaunt -f\n";
  for (const std::string& word : first_words()) {
    const Command* command = find_command(word);
    const std::string meaning =
        command == nullptr ? fmt::format("{}", fmt::join(second_words(word), ", ")) : command->summary;
    text += fish_line("__fish_use_subcommand", fmt::format("-a {} -d {}", word, quoted(meaning)));
  }
  for (const Option& option : global_options())
    text += fmt::format("complete -c jaunt {}\n", fish_option(option));
  for (const Command& command : commands()) {
    const auto [first, second] = words_of(command);
    std::string condition = fmt::format("__fish_seen_subcommand_from {}", first);
    if (!second.empty()) {
      text += fish_line(
          fmt::format("{}; and not __fish_seen_subcommand_from {}", condition, fmt::join(second_words(first), " ")),
          fmt::format("-a {} -d {}", second, quoted(command.summary)));
      condition += fmt::format("; and __fish_seen_subcommand_from {}", second);
    }
    for (const Option& option : command.options)
      text += fish_line(condition, fish_option(option));
    if (!command.argument.name.empty())
      text += fish_line(condition, fish_values(command.argument.completion, command.argument.choices));
  }
  return text;
}

}  // namespace

std::string completions(std::string_view shell) {
  if (shell == "bash")
    return bash();
  if (shell == "zsh")
    return zsh();
  base::invariant(shell == "fish", "completions are asked for a shell of the table");
  return fish();
}

}  // namespace jaunt::cli
