// jaunt version, jaunt completions.
#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "base/version.hpp"
#include "completions.hpp"
#include "handlers.hpp"
#include "invocation.hpp"

namespace jaunt::cli {

int run_version(const Invocation& invocation) {
  if (invocation.flag("--json"))
    fmt::print("{}\n", nlohmann::ordered_json(
                           {{"type", "version"}, {"version", base::version()}, {"revision", base::revision()}})
                           .dump());
  else if (base::revision().empty())
    fmt::print("jaunt {}\n", base::version());
  else
    fmt::print("jaunt {} ({})\n", base::version(), base::revision());
  return 0;
}

int run_completions(const Invocation& invocation) {
  fmt::print("{}", completions(invocation.arguments().front()));
  return 0;
}

}  // namespace jaunt::cli
