#include "report.hpp"

#include <cstdio>

#include <fmt/format.h>
#include <nlohmann/json.hpp>
#include <unistd.h>

#include "base/text.hpp"
#include "engine/teleport_report.hpp"
#include "terminal.hpp"

namespace jaunt::cli {

int exit_code_of(base::ErrorKind kind) {
  using enum base::ErrorKind;
  switch (kind) {
    case usage:
      return 2;
    case peer:
      return 10;
    case busy:
      return 11;
    case auth:
      return 12;
    case incompatible:
      return 13;
    case verify:
      return 14;
    case no_space:
      return 15;
    default:
      return 1;
  }
}

std::string error_text(const base::Error& error) {
  const Terminal terminal = Terminal::of(STDERR_FILENO);
  std::string text = fmt::format("jaunt: {}\n", painted(terminal, Tone::bad, base::printable(error.what())));
  if (!error.remedy().empty())
    text += fmt::format("  try: {}\n", base::printable(error.remedy()));
  return text;
}

std::string error_json(const base::Error& error) {
  auto json = nlohmann::ordered_json::parse(engine::to_json(error));
  json["exit_code"] = exit_code_of(error.kind());
  return json.dump();
}

int report(const base::Error& error, bool json) {
  if (json)
    fmt::print("{}\n", error_json(error));
  else
    fmt::print(stderr, "{}", error_text(error));
  return exit_code_of(error.kind());
}

}  // namespace jaunt::cli
