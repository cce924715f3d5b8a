#include "command_table.hpp"

#include <algorithm>
#include <set>

#include <doctest/doctest.h>

#include "base/error.hpp"
#include "completions.hpp"
#include "help.hpp"
#include "man.hpp"
#include "report.hpp"

using namespace jaunt;
using namespace jaunt::cli;

namespace {

std::string man_page(const std::string& file) {
  for (const ManPage& page : man_pages())
    if (page.file == file)
      return page.text;
  return {};
}

std::string file_of(const Command& command) {
  std::string file = "jaunt-" + command.name + ".1";
  std::replace(file.begin(), file.end(), ' ', '-');
  return file;
}

// As roff writes it.
std::string in_roff(std::string text) {
  for (std::size_t at = 0; (at = text.find('-', at)) != text.npos; at += 2)
    text.replace(at, 1, "\\-");
  return text;
}

bool holds(const std::string& text, const std::string& part) {
  return text.find(part) != text.npos;
}

}  // namespace

TEST_CASE("Every command is whole: a summary, a description, an example that uses it, and something that it does") {
  for (const Command& command : commands()) {
    CAPTURE(command.name);
    CHECK((command.handler != nullptr));
    CHECK_FALSE(command.summary.ends_with("."));
    CHECK_FALSE(command.description.empty());
    REQUIRE_FALSE(command.examples.empty());
    for (const Example& example : command.examples)
      CHECK(holds(example.command, "jaunt " + command.name));
  }
}

TEST_CASE("Options mean the same in every command that has them, and are never among the global ones") {
  std::set<std::string> global;
  for (const Option& option : global_options())
    CHECK(global.insert(option.name).second);
  for (const Command& command : commands())
    for (const Option& option : command.options)
      CHECK_FALSE(global.contains(option.name));
}

TEST_CASE("Help, man page and completions know every option and argument of every command") {
  for (const Command& command : commands()) {
    CAPTURE(command.name);
    const std::string page = man_page(file_of(command));
    REQUIRE_FALSE(page.empty());
    CHECK(holds(page, in_roff(usage(command))));
    CHECK(holds(help(command, 80), usage(command)));
    CHECK(holds(help(80), command.summary.substr(0, 20)));
    std::vector<Option> options = command.options;
    options.insert(options.end(), global_options().begin(), global_options().end());
    for (const Option& option : options) {
      CAPTURE(option.name);
      CHECK(holds(help(command, 80), spelled(option)));
      CHECK(holds(page, in_roff(spelled(option))));
      CHECK(holds(completions("bash"), option.name));
      CHECK(holds(completions("zsh"), option.name + "["));
      CHECK(holds(completions("fish"), "-l " + option.name.substr(2) + " "));
    }
    for (const Example& example : command.examples)
      CHECK(holds(help(command, 80), example.command));
  }
}

TEST_CASE("No line of a help text is longer than the terminal is wide, examples excepted") {
  for (const Command& command : commands()) {
    std::string text = help(command, 60);
    text.resize(text.find("\nExamples:"));
    for (std::size_t at = 0; at < text.size();) {
      const auto end = std::min(text.find('\n', at), text.size());
      CAPTURE(text.substr(at, end - at));
      CHECK(end - at <= 60);
      at = end + 1;
    }
  }
}

TEST_CASE("Every kind of error ends with an exit code of the table") {
  std::set<int> codes;
  for (const ExitCode& exit : exit_codes())
    CHECK(codes.insert(exit.code).second);
  for (int kind = 0; kind <= static_cast<int>(base::ErrorKind::hypervisor); ++kind)
    CHECK(codes.contains(exit_code_of(static_cast<base::ErrorKind>(kind))));
}

TEST_CASE("An error as JSON is one line that hostile names cannot break") {
  const base::Error error(base::ErrorKind::busy, "open", "/img/\n\xff", "held", "wait");
  CHECK(error_json(error) ==
        R"({"type":"error","kind":"busy","operation":"open","subject":"/img/\\x0a\\xff","cause":"held",)"
        R"("remedy":"wait","exit_code":11})");
}
