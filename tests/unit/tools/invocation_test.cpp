#include "invocation.hpp"

#include <doctest/doctest.h>

#include "base/error.hpp"

using namespace jaunt;
using namespace jaunt::cli;

namespace {

Invocation parsed(const std::vector<std::string>& words) {
  return std::get<Invocation>(parse(words));
}

base::Error refusal(const std::vector<std::string>& words) {
  try {
    parse(words);
  } catch (const base::Error& error) {
    CHECK(error.kind() == base::ErrorKind::usage);
    return error;
  }
  FAIL("was understood");
  return base::Error(base::ErrorKind::io, "", "", "");
}

}  // namespace

TEST_CASE("Global options are understood before and after the command") {
  for (const auto& words : {std::vector<std::string>{"--home", "/h", "--json", "config", "check"},
                            {"config", "--home", "/h", "check", "--json"},
                            {"config", "check", "--json", "--home=/h"}}) {
    const Invocation invocation = parsed(words);
    CHECK(invocation.command().name == "config check");
    CHECK(invocation.value("--home") == "/h");
    CHECK(invocation.flag("--json"));
    CHECK_FALSE(invocation.flag("--quiet"));
  }
}

TEST_CASE("Help is given for a command, also when its arguments are missing or wrong") {
  const auto wanted = [](const std::vector<std::string>& words) {
    return std::get<HelpWanted>(parse(words)).command;
  };
  CHECK(wanted({"completions", "--help"}) == find_command("completions"));
  CHECK(wanted({"doctor", "-h"}) == find_command("doctor"));
  CHECK(wanted({"--help"}) == nullptr);
  CHECK(wanted({}) == nullptr);
}

TEST_CASE("The version is an option and a command") {
  CHECK(parsed({"--version"}).command().name == "version");
  CHECK(parsed({"version", "--json"}).command().name == "version");
}

TEST_CASE("A misspelled command is answered with the one that was meant") {
  CHECK(refusal({"docter"}).remedy() == "did you mean `jaunt doctor`?");
  CHECK(refusal({"config", "chekc"}).remedy() == "did you mean `jaunt config check`?");
  CHECK(refusal({"levitate"}).remedy() == "see `jaunt --help`");
}

TEST_CASE("What the table does not know is refused, naming the help that tells more") {
  CHECK(refusal({"config"}).cause() == "\"config\" is only the beginning of a command");
  CHECK(refusal({"doctor", "--bad"}).remedy() == "see `jaunt doctor --help`");
  CHECK(refusal({"doctor", "word"}).remedy() == "see `jaunt doctor --help`");
  CHECK(refusal({"completions"}).cause() == "SHELL is missing");
  CHECK_NOTHROW(refusal({"completions", "tcsh"}));
  CHECK_NOTHROW(refusal({"--home"}));
}
