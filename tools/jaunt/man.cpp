#include "man.hpp"

#include <algorithm>

#include <fmt/format.h>

#include "base/version.hpp"
#include "engine/config.hpp"

namespace jaunt::cli {

namespace {

// Text with roff's own characters made harmless.
std::string roff(std::string_view text) {
  std::string result;
  for (const char c : text) {
    const bool line_start = result.empty() || result.back() == '\n';
    if (c == '\\')
      result += "\\e";
    else if (c == '-')
      result += "\\-";
    else if (c == '\'')
      result += "\\(aq";
    else if (c == '.' && line_start)
      result += "\\&.";
    else
      result += c;
  }
  return result;
}

std::string page_name(const Command& command) {
  std::string name = "jaunt-" + command.name;
  std::replace(name.begin(), name.end(), ' ', '-');
  return name;
}

std::string header(std::string_view name, int section, std::string_view summary) {
  std::string title(name);
  std::transform(title.begin(), title.end(), title.begin(),
                 [](char c) { return c >= 'a' && c <= 'z' ? static_cast<char>(c - 'a' + 'A') : c; });
  return fmt::format(".TH {} {} \"\" \"jaunt {}\" \"jaunt\"\n.SH NAME\n{} \\- {}\n", roff(title), section,
                     base::version(), roff(name), roff(summary));
}

std::string entry(std::string_view term, std::string_view meaning) {
  return fmt::format(".TP\n.B {}\n{}\n", roff(term), roff(meaning));
}

std::string options(std::string_view title, std::span<const Option> list) {
  if (list.empty())
    return {};
  std::string text = fmt::format(".SH {}\n", title);
  for (const Option& option : list) {
    text += entry(option.short_name.empty() ? spelled(option) : option.short_name + ", " + spelled(option),
                  option.meaning + ".");
    if (!option.choices.empty()) {
      text += "One of";
      for (const std::string& choice : option.choices)
        text += fmt::format(" {}{}", roff(choice), &choice == &option.choices.back() ? ".\n" : ",");
    }
  }
  return text;
}

std::string exit_status() {
  std::string text = ".SH EXIT STATUS\n";
  for (const ExitCode& exit : exit_codes())
    text += entry(std::to_string(exit.code), exit.meaning + ".");
  return text;
}

ManPage command_page(const Command& command) {
  const std::string name = page_name(command);
  std::string summary = command.summary;
  summary[0] = static_cast<char>(summary[0] - 'A' + 'a');
  std::string text =
      header(name, 1, summary) + fmt::format(".SH SYNOPSIS\n.B {}\n.SH DESCRIPTION\n", roff(usage(command)));
  for (const std::string& paragraph : command.description)
    text += fmt::format(".PP\n{}\n", roff(paragraph));
  if (!command.argument.name.empty())
    text += ".SH ARGUMENTS\n" + entry(command.argument.name, command.argument.meaning + ".");
  text += options("OPTIONS", command.options);
  text += options("OPTIONS OF EVERY COMMAND", global_options());
  text += ".SH EXAMPLES\n";
  for (const Example& example : command.examples)
    text += entry(example.command, example.meaning + ".");
  text += exit_status() + ".SH SEE ALSO\n.BR jaunt (1),\n.BR jaunt.toml (5)\n";
  return {name + ".1", std::move(text)};
}

ManPage main_page() {
  std::string text = header("jaunt", 1, kTagline) + ".SH SYNOPSIS\n.B jaunt COMMAND [OPTION]...\n.SH COMMANDS\n";
  for (const Command& command : commands())
    text += fmt::format(".TP\n.BR {} (1)\n{}.\n", roff(page_name(command)), roff(command.summary));
  text += options("OPTIONS OF EVERY COMMAND", global_options());
  text += ".SH ENVIRONMENT\n" + entry("JAUNT_HOME", "The node's home, unless --home names one.") +
          entry("NO_COLOR", "When it is set to anything, no colours are used.");
  for (const engine::ConfigKey& key : engine::config_keys())
    text += entry(key.environment(), fmt::format("Overrides {} of jaunt.toml.", key.name));
  text += ".SH FILES\n" + entry("/var/lib/jaunt/jaunt.toml", "The configuration of the default home.");
  text += exit_status();
  text +=
      ".SH ERRORS\nErrors go to standard error and say what was attempted, why it failed and what can be done. With\n"
      ".B \\-\\-json\nthey are one line on standard output instead, in the place of the document that was asked for, "
      "with\n"
      "the keys type (\"error\"), kind, operation, subject, cause, remedy and exit_code.\n";
  return {"jaunt.1", text + ".SH SEE ALSO\n.BR jaunt.toml (5),\n.BR virsh (1)\n"};
}

ManPage config_page() {
  std::string text =
      header("jaunt.toml", 5, "configuration of a jaunt node") +
      ".SH DESCRIPTION\nA file in TOML in the node's home. A dot in a name below separates table and key. "
      "The environment overrides the file, and flags override both. Sizes are texts such as \\(dq16GiB\\(dq; lists "
      "in "
      "the environment are separated by colons.\n.SH KEYS\n";
  for (const engine::ConfigKey& key : engine::config_keys())
    text += entry(key.name, fmt::format("{} {}, default {}, environment {}.", key.meaning, key.type(), key.value({}),
                                        key.environment()));
  return {"jaunt.toml.5", text + ".SH SEE ALSO\n.BR jaunt (1),\n.BR jaunt\\-config\\-check (1)\n"};
}

}  // namespace

std::vector<ManPage> man_pages() {
  std::vector<ManPage> pages{main_page(), config_page()};
  for (const Command& command : commands())
    pages.push_back(command_page(command));
  pages.push_back({"jauntd.1", ".so man1/jaunt-daemon.1\n"});  // the same program under another name
  return pages;
}

}  // namespace jaunt::cli
