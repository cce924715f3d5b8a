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
#include "subjects.hpp"

namespace jaunt::cli {

namespace {

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
  return each_subject(invocation.arguments(), json, [&](const std::string& subject, bool first) {
    const engine::Described described = describe_one(subject, invocation, home, config);
    print(described, json, first);
    return !described.incomplete;
  });
}

}  // namespace jaunt::cli
