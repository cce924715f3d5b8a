#include "support/world.hpp"

#include <chrono>
#include <sstream>
#include <utility>
#include <vector>

#include "base/file.hpp"
#include "base/process.hpp"

namespace jaunt::test_support {

namespace {

std::string world(const std::string& command, const std::string& argument = {}) {
  std::vector<std::string> argv{JAUNT_SOURCE_DIR "/tests/world/world", command};
  if (!argument.empty())
    argv.push_back(argument);
  const auto result = base::run({.argv = std::move(argv), .environment = {}, .confinement = {}},
                                std::chrono::minutes(1), base::ByteCount(base::kMiB));
  return result.status.success() ? result.out : "";
}

bool is_built(const std::string& name) {
  std::istringstream lines(world("list"));
  std::string guest;
  std::string state;
  std::string rest;
  while (lines >> guest >> state && std::getline(lines, rest))
    if (guest == name)
      return state == "built";
  return false;
}

}  // namespace

std::string WorldGuest::read(const std::string& file) const {
  return base::read_text_file(folder / file, base::ByteCount(64 * base::kMiB));
}

std::optional<WorldGuest> world_guest(const std::string& name) {
  if (!is_built(name))
    return std::nullopt;
  std::string folder = world("path", name);
  folder.resize(folder.find_last_not_of('\n') + 1);
  WorldGuest guest{.folder = folder, .disk = {}, .format = {}, .facts = {}};
  guest.facts = nlohmann::json::parse(guest.read("guest.json"));
  guest.disk = guest.folder / guest.facts.at("disk").get<std::string>();
  guest.format = guest.facts.at("format").get<std::string>();
  return guest;
}

}  // namespace jaunt::test_support
