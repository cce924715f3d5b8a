#include <algorithm>
#include <clocale>
#include <cstdio>
#include <filesystem>
#include <string>
#include <vector>

#include <fmt/format.h>
#include <unistd.h>

#include "base/error.hpp"
#include "help.hpp"
#include "interrupt.hpp"
#include "invocation.hpp"
#include "report.hpp"
#include "terminal.hpp"

using namespace jaunt;

namespace {

constexpr int kInterrupted = 130;

int run(const std::vector<std::string>& words) {
  const auto parsed = cli::parse(words);
  if (const auto* wanted = std::get_if<cli::HelpWanted>(&parsed)) {
    const std::size_t width = cli::Terminal::of(STDOUT_FILENO).width;
    fmt::print("{}", wanted->command == nullptr ? cli::help(width) : cli::help(*wanted->command, width));
    return 0;
  }
  const auto& invocation = std::get<cli::Invocation>(parsed);
  return invocation.command().handler(invocation);
}

}  // namespace

int main(int argc, char** argv) {
  std::setlocale(LC_CTYPE, "C.UTF-8");  // for the width of characters; output is UTF-8 in any case
  const base::CancelToken interrupted = cli::catch_interrupts();
  std::vector<std::string> words(argv + 1, argv + argc);
  if (argc > 0 && std::filesystem::path(argv[0]).filename() == "jauntd")
    words.insert(words.begin(), "daemon");
  const bool json = std::find(words.begin(), words.end(), "--json") != words.end();
  int code = 1;
  try {
    code = run(words);
  } catch (const base::Cancelled&) {
    code = kInterrupted;
  } catch (const base::Error& error) {
    code = interrupted.cancelled() ? kInterrupted : cli::report(error, json);
  } catch (const std::exception& unforeseen) {
    code = cli::report(base::Error(base::ErrorKind::io, "go on", "", unforeseen.what()), json);
  }
  // What could not be written was not said.
  return std::fflush(stdout) != 0 && code == 0 ? 1 : code;
}
