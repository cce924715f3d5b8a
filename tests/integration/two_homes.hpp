// A source and a destination on one machine, and images whose blocks are numbers.
#pragma once

#include <chrono>
#include <filesystem>
#include <string>
#include <vector>

#include <doctest/doctest.h>
#include <nlohmann/json.hpp>

#include "base/file.hpp"
#include "base/process.hpp"
#include "support/numbered_images.hpp"

namespace jaunt::test_support {

using Json = nlohmann::json;

struct TwoHomes {
  base::TemporaryDirectory folder{"/var/tmp"};
  fs::path source = folder.path() / "a";
  fs::path destination = folder.path() / "b";
  fs::path images = folder.path() / "images";
  std::vector<std::string> allowed{images.string()};  // that both may read
  // Counts before what commands have otherwise: there is nothing in numbered blocks to look into, which takes
  // longest.
  std::vector<std::string> more_environment;

  TwoHomes() {
    for (const fs::path& home : {source, destination}) {
      fs::create_directory(home);
      fs::permissions(home, fs::perms::owner_all);
    }
    fs::create_directory(images);
  }

  // The program at the destination.
  base::Command command(std::vector<std::string> words) const {
    words.insert(words.begin(), JAUNT_PROGRAM);
    std::string folders;
    for (const std::string& name : allowed)
      folders += (folders.empty() ? "" : ":") + name;
    base::Command command{
        .argv = std::move(words),
        .environment = {"JAUNT_HOME=" + destination.string(), "JAUNT_IMAGES_FOLDERS=" + folders,
                        "JAUNT_APPLIANCE_FOLDER=/var/tmp/jaunt-test-appliance", "JAUNT_APPLIANCE_USE=false",
                        "JAUNT_MIRROR_USE=false"},
        .confinement = std::nullopt};
    command.environment.insert(command.environment.begin(), more_environment.begin(), more_environment.end());
    return command;
  }
  base::Captured jaunt(std::vector<std::string> words) const {
    return base::run(command(std::move(words)), std::chrono::minutes(10), base::ByteCount(64 * base::kMiB));
  }
  // Of a machine of the source.
  Json plan_of(const std::string& machine, std::vector<std::string> options = {}) const {
    options.insert(options.begin(), {"plan", "--json", "--to", folder.path().string()});
    options.push_back(machine + "@home:" + source.string());
    const base::Captured result = jaunt(options);
    INFO(result.err << result.out);
    REQUIRE(result.status.code == 0);
    return Json::parse(result.out);
  }
  Json plan(const fs::path& image, std::vector<std::string> options = {}) const {
    options.insert(options.begin(), {"--format", "raw"});
    return plan_of(image.string(), std::move(options));
  }
};

inline std::uint64_t bytes_from(const Json& shares, const std::string& source) {
  for (const Json& share : shares)
    if (share["source"] == source)
      return share["bytes"];
  return 0;
}

}  // namespace jaunt::test_support
