// jaunt config check, jaunt config show.
#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "base/text.hpp"
#include "context.hpp"
#include "handlers.hpp"

namespace jaunt::cli {

using Json = nlohmann::ordered_json;

namespace {

constexpr int kUsage = 2;

std::string problems_json(const engine::LoadedConfig& loaded) {
  Json problems = Json::array();
  for (const engine::ConfigProblem& problem : loaded.problems)
    problems.push_back({{"where", base::printable(problem.where)},
                        {"cause", base::printable(problem.cause)},
                        {"remedy", base::printable(problem.remedy)}});
  const Json document = {{"type", "config_check"}, {"ok", loaded.problems.empty()}, {"problems", problems}};
  return document.dump();
}

std::string values_json(const engine::LoadedConfig& loaded) {
  Json values = Json::object();
  for (const engine::ConfigKey& key : engine::config_keys()) {
    const auto origin = loaded.origins.find(std::string(key.name));
    values[std::string(key.name)] = {
        {"toml", key.value(loaded.config)},
        {"origin", origin == loaded.origins.end() ? "default" : base::printable(origin->second)}};
  }
  return Json({{"type", "config"}, {"values", values}}).dump();
}

}  // namespace

std::filesystem::path home_path(const Invocation& invocation) {
  return engine::home_path(invocation.value("--home"));
}

engine::LoadedConfig load_config(const Invocation& invocation) {
  std::vector<engine::Flag> flags;
  const auto add = [&](const char* name, const char* key) {
    if (const auto value = invocation.value(name))
      flags.push_back({.name = name, .key = key, .value = *value});
  };
  add("--threads", "threads");
  const auto& own = invocation.command().options;
  if (std::any_of(own.begin(), own.end(), [](const Option& option) { return option.name == "--connect"; }))
    add("--connect", "libvirt.uri");
  return engine::load_config(home_path(invocation), flags);
}

int run_config_check(const Invocation& invocation) {
  const engine::LoadedConfig loaded = load_config(invocation);
  if (invocation.flag("--json")) {
    fmt::print("{}\n", problems_json(loaded));
  } else {
    for (const engine::ConfigProblem& problem : loaded.problems)
      fmt::print("{}: {}; {}\n", base::printable(problem.where), problem.cause, problem.remedy);
    if (loaded.problems.empty() && !invocation.flag("--quiet"))
      fmt::print("the configuration is in order ({} of {} keys set)\n", loaded.origins.size(),
                 engine::config_keys().size());
  }
  return loaded.problems.empty() ? 0 : kUsage;
}

int run_config_show(const Invocation& invocation) {
  if (invocation.flag("--defaults")) {
    fmt::print("{}", engine::example_config());
    return 0;
  }
  const engine::LoadedConfig loaded = load_config(invocation);
  engine::valid_config(loaded);
  if (invocation.flag("--json")) {
    fmt::print("{}\n", values_json(loaded));
    return 0;
  }
  for (const engine::ConfigKey& key : engine::config_keys()) {
    const auto origin = loaded.origins.find(std::string(key.name));
    fmt::print("{} = {}  # {}\n", key.name, key.value(loaded.config),
               origin == loaded.origins.end() ? "default" : base::printable(origin->second));
  }
  return 0;
}

}  // namespace jaunt::cli
