// jaunt describe.
#include <cstdio>

#include <fmt/format.h>
#include <unistd.h>

#include "context.hpp"
#include "describe_screen.hpp"
#include "engine/describe_job.hpp"
#include "handlers.hpp"
#include "interrupt.hpp"
#include "model/description_json.hpp"
#include "progress_line.hpp"
#include "report.hpp"

namespace jaunt::cli {

namespace {

constexpr int kPartly = 3;

engine::Described describe_one(const std::string& subject, const Invocation& invocation, const engine::Home& home,
                               const engine::Config& config) {
  ProgressLine progress(invocation.flag("--quiet"));
  const engine::DescribeOptions options{.format = invocation.value("--format"),
                                        .quick = invocation.flag("--quick"),
                                        .fresh = invocation.flag("--fresh")};
  return engine::describe(subject, options,
                          {.home = home, .config = config, .progress = progress, .cancel = interrupted()});
}

void print(const engine::Described& described, bool json, bool first) {
  if (json)
    fmt::print("{}\n", model::to_json(described.description));
  else
    fmt::print("{}{}", first ? "" : "\n",
               screen(described.description, Terminal::of(STDOUT_FILENO), described.from_cache));
  std::fflush(stdout);
}

}  // namespace

int run_describe(const Invocation& invocation) {
  const engine::Config config = engine::valid_config(load_config(invocation));
  const engine::Home home(home_path(invocation));
  const bool json = invocation.flag("--json");
  const auto& subjects = invocation.arguments();
  std::size_t failed = 0;
  bool incomplete = false;
  int code = 0;
  for (const std::string& subject : subjects) {
    try {
      const engine::Described described = describe_one(subject, invocation, home, config);
      print(described, json, &subject == &subjects.front());
      incomplete = incomplete || described.incomplete;
    } catch (const base::Error& error) {
      interrupted().check();  // what fails because of Ctrl-C has not failed
      code = report(error, json);
      ++failed;
    }
  }
  if (failed == subjects.size())
    return code;
  return failed > 0 || incomplete ? kPartly : 0;
}

}  // namespace jaunt::cli
