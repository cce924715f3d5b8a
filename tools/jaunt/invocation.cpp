#include "invocation.hpp"

#include <algorithm>
#include <memory>

#include <CLI/CLI.hpp>
#include <fmt/format.h>
#include <fmt/ranges.h>

#include "base/error.hpp"
#include "base/text.hpp"

namespace jaunt::cli {

namespace {

using base::Error;
using base::ErrorKind;

// What CLI11 fills in: one CLI::App for each command, all made from the table.
class Parser {
 public:
  Parser() {
    app_.set_help_flag();
    app_.require_subcommand(0, 1);
    add_options(app_, global_options());
    for (const Command& command : commands())
      add(command);
  }

  std::variant<Invocation, HelpWanted> parse(std::vector<std::string> words) {
    std::reverse(words.begin(), words.end());  // as CLI11 wants them
    std::optional<std::string> complaint;
    try {
      app_.parse(std::move(words));
    } catch (const CLI::ParseError& failure) {
      complaint = base::printable(failure.what());
    }
    const Command* const command = chosen();
    if (given_.contains("--help"))
      return HelpWanted{command};
    if (complaint)
      refuse(command, *complaint);
    if (command == nullptr && given_.contains("--version"))
      return Invocation(*find_command("version"), std::move(given_), {});
    if (command == nullptr)
      refuse(nullptr, "no command is given");
    if (command->argument.required && !command->argument.name.empty() && arguments_.empty())
      refuse(command, fmt::format("{} is missing", command->argument.name));
    return Invocation(*command, std::move(given_), std::move(arguments_));
  }

 private:
  CLI::App& app_for(const std::string& name) {
    const auto space = name.find(' ');
    if (space == name.npos)
      return *app_.add_subcommand(name);
    const std::string group = name.substr(0, space);
    CLI::App*& parent = groups_[group];
    if (parent == nullptr) {
      parent = app_.add_subcommand(group);
      configure(*parent);
    }
    return *parent->add_subcommand(name.substr(space + 1));
  }

  static void configure(CLI::App& app) {
    app.set_help_flag();
    app.fallthrough();  // global options may come after the command
  }

  void add(const Command& command) {
    CLI::App& app = app_for(command.name);
    configure(app);
    add_options(app, command.options);
    if (!command.argument.name.empty()) {
      auto* const option = app.add_option(command.argument.name, arguments_);
      option->expected(0, command.argument.repeats ? 1 << 16 : 1);
      if (!command.argument.choices.empty())
        option->check(CLI::IsMember(command.argument.choices));
    }
    apps_.emplace_back(&app, &command);
  }

  void add_options(CLI::App& app, std::span<const Option> options) {
    for (const Option& option : options) {
      const std::string names = option.short_name.empty() ? option.name : option.short_name + "," + option.name;
      if (option.value.empty()) {
        app.add_flag_callback(names, [this, name = option.name] { given_[name]; })->trigger_on_parse();
        continue;
      }
      auto* const added = app.add_option_function<std::string>(
          names, [this, name = option.name](const std::string& value) { given_[name] = value; });
      if (!option.choices.empty())
        added->check(CLI::IsMember(option.choices));
    }
  }

  const Command* chosen() const {
    for (const auto& [app, command] : apps_)
      if (app->parsed())
        return command;
    return nullptr;
  }

  [[noreturn]] static void refuse(const Command* command, const std::string& cause) {
    throw Error(ErrorKind::usage, "understand", "the command line", cause,
                command == nullptr ? "see `jaunt --help`" : fmt::format("see `jaunt {} --help`", command->name));
  }

  CLI::App app_;
  std::map<std::string, CLI::App*> groups_;
  std::vector<std::pair<CLI::App*, const Command*>> apps_;
  std::map<std::string, std::string> given_;
  std::vector<std::string> arguments_;
};

// The words of a command's name at the beginning, where no value of an option can be meant.
std::vector<std::string> leading_words(const std::vector<std::string>& words) {
  const auto option =
      std::find_if(words.begin(), words.end(), [](const std::string& w) { return w.starts_with("-"); });
  return {words.begin(), option};
}

// CLI11 would only say that there is a word too much.
void refuse_unknown_commands(const std::vector<std::string>& words) {
  const std::vector<std::string> leading = leading_words(words);
  if (leading.empty())
    return;
  const std::vector<std::string> groups = command_groups();
  const bool grouped = std::find(groups.begin(), groups.end(), leading[0]) != groups.end();
  const std::string name = grouped && leading.size() > 1 ? leading[0] + " " + leading[1] : leading[0];
  if (find_command(name) != nullptr || (grouped && leading.size() == 1 && words.size() > 1))
    return;
  std::vector<std::string> known;
  for (const Command& command : commands())
    known.push_back(command.name);
  const auto meant = base::nearest_word(name, known);
  const std::string cause = grouped && leading.size() == 1
                                ? fmt::format("\"{}\" is only the beginning of a command", name)
                                : fmt::format("there is no command \"{}\"", base::printable(name));
  throw Error(ErrorKind::usage, "understand", "the command line", cause,
              meant ? fmt::format("did you mean `jaunt {}`?", *meant) : "see `jaunt --help`");
}

}  // namespace

std::optional<std::string> Invocation::value(std::string_view name) const {
  const auto named = [&](const Option& option) { return option.name == name; };
  const auto global = global_options();
  base::invariant(std::any_of(command_->options.begin(), command_->options.end(), named) ||
                      std::any_of(global.begin(), global.end(), named),
                  "a command asks only for options of its table");
  const auto found = options_.find(std::string(name));
  return found == options_.end() ? std::nullopt : std::optional(found->second);
}

std::variant<Invocation, HelpWanted> parse(const std::vector<std::string>& words) {
  if (words.empty())
    return HelpWanted{};
  refuse_unknown_commands(words);
  return Parser().parse(words);
}

}  // namespace jaunt::cli
