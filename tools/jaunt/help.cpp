#include "help.hpp"

#include <algorithm>
#include <vector>

#include <fmt/format.h>

namespace jaunt::cli {

namespace {

constexpr std::size_t kColumnMax = 24;  // where explanations begin at the latest

struct Row {
  std::string term;
  std::string meaning;
};

std::string table(std::string_view title, const std::vector<Row>& rows, std::size_t width) {
  if (rows.empty())
    return {};
  std::size_t column = 0;
  for (const Row& row : rows)
    column = std::max(column, row.term.size() + 4);
  column = std::min(column, kColumnMax);
  std::string text = fmt::format("\n{}:\n", title);
  for (const auto& [term, meaning] : rows) {
    text += fmt::format("  {:<{}}", term, column - 2);
    if (term.size() + 3 > column)
      text += fmt::format("\n{:{}}", "", column);
    text += wrapped(meaning, column, width) + "\n";
  }
  return text;
}

std::vector<Row> option_rows(std::span<const Option> options) {
  std::vector<Row> rows;
  for (const Option& option : options) {
    const std::string term = option.short_name.empty() ? spelled(option) : option.short_name + ", " + spelled(option);
    rows.push_back({term, option.meaning});
  }
  return rows;
}

}  // namespace

std::string wrapped(std::string_view text, std::size_t indent, std::size_t width) {
  std::string result;
  std::size_t column = indent;
  while (!text.empty()) {
    const auto end = std::min(text.find(' '), text.size());
    const std::string_view word = text.substr(0, end);
    text.remove_prefix(std::min(end + 1, text.size()));
    if (column > indent && column + 1 + word.size() > width) {
      result += fmt::format("\n{:{}}", "", indent);
      column = indent;
    } else if (column > indent) {
      result += ' ';
      ++column;
    }
    result += word;
    column += word.size();
  }
  return result;
}

std::string help(std::size_t width) {
  std::string text = wrapped(fmt::format("jaunt {}.", kTagline), 0, width) + "\n\nUsage: jaunt COMMAND [OPTION]...\n";
  std::vector<Row> rows;
  for (const Command& command : commands())
    rows.push_back({command.name, command.summary});
  text += table("Commands", rows, width);
  text += table("Options of every command", option_rows(global_options()), width);
  text += table(
      "Exit codes",
      [] {
        std::vector<Row> codes;
        for (const ExitCode& exit : exit_codes())
          codes.push_back({std::to_string(exit.code), exit.meaning});
        return codes;
      }(),
      width);
  return text + "\n`jaunt COMMAND --help` explains a command, with examples.\n";
}

std::string help(const Command& command, std::size_t width) {
  std::string text = wrapped(command.summary + ".", 0, width) + fmt::format("\n\nUsage: {}\n", usage(command));
  for (const std::string& paragraph : command.description)
    text += "\n" + wrapped(paragraph, 0, width) + "\n";
  if (!command.argument.name.empty())
    text += table("Arguments", {{command.argument.name, command.argument.meaning}}, width);
  text += table("Options", option_rows(command.options), width);
  text += table("Options of every command", option_rows(global_options()), width);
  if (!command.examples.empty())
    text += "\nExamples:\n";
  for (const Example& example : command.examples)
    text += fmt::format("  {}\n      {}\n", example.command, wrapped(example.meaning, 6, width));
  return text;
}

}  // namespace jaunt::cli
