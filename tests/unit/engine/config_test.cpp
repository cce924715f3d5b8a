#include "engine/config.hpp"

#include <algorithm>
#include <sstream>

#include <doctest/doctest.h>

#include "base/error.hpp"
#include "base/file.hpp"

using namespace jaunt;
using namespace jaunt::engine;

namespace {

const char* nothing(const char*) {
  return nullptr;
}

struct Node {
  base::TemporaryDirectory home;

  LoadedConfig load(std::string_view toml, std::vector<Flag> flags = {}) const {
    base::write_text_file(home.path() / kConfigFileName, toml);
    return load_config(home.path(), flags, nothing);
  }
  std::string where(int line) const { return (home.path() / kConfigFileName).string() + ":" + std::to_string(line); }
};

}  // namespace

TEST_CASE("Without a file the defaults are in force, the appliance being kept in the home") {
  const base::TemporaryDirectory home;
  const LoadedConfig loaded = load_config(home.path(), {}, nothing);
  CHECK(loaded.problems.empty());
  CHECK(loaded.config.libvirt_uri == "qemu:///system");
  CHECK(loaded.config.appliance_folder == home.path() / "cache/appliance");
}

TEST_CASE("The file sets values of every type") {
  const LoadedConfig loaded = Node().load(R"(
threads = 3
[images]
folders = ["/srv/images", "/data/../vms"]
devices = []
pools = false
[scratch]
folder = "/scratch"
limit = "2GiB"
patience = "90s"
)");
  CHECK(loaded.problems.empty());
  CHECK(loaded.config.threads == 3);
  CHECK(loaded.config.image_folders == std::vector<std::filesystem::path>{"/srv/images", "/vms"});
  CHECK_FALSE(loaded.config.image_pools);
  CHECK(loaded.config.scratch_max == base::ByteCount(2 * base::kGiB));
  CHECK(loaded.config.scratch_patience == std::chrono::seconds(90));
}

TEST_CASE("Addresses and limits of speed are understood as they are written, or are problems") {
  const LoadedConfig loaded = Node().load(R"(
[node]
listen = "192.0.2.1, [2001:db8::1]:5300"
limit = "mon-fri 08:00-18:00 20Mbit, unlimited"
)");
  CHECK(loaded.problems.empty());
  CHECK(loaded.config.node_listen.addresses ==
        std::vector<transport::Address>{{"192.0.2.1", 5286}, {"2001:db8::1", 5300}});
  REQUIRE(loaded.config.node_limit.timetable.periods.size() == 2);
  CHECK(loaded.config.node_limit.timetable.periods[0].bytes_per_second == base::ByteCount(2'500'000));
  CHECK(Node().load("[node]\nlisten = 5286\nlimit = \"slow\"\n").problems.size() == 2);
  CHECK(Node().load("[node]\nlisten = \"a,,b\"\n").problems.size() == 1);
}

TEST_CASE("Networks of other hosts get names of this one, each a single one of a kind that there is") {
  const auto load = [](const std::string& networks) {
    return Node().load("[machine]\nnetworks = \"" + networks + "\"\n");
  };
  const LoadedConfig loaded = load("network:lab=bridge:br0, bridge:br1=network:default");
  CHECK(loaded.problems.empty());
  CHECK(loaded.config.machine_networks.names ==
        std::map<std::string, std::string>{{"network:lab", "bridge:br0"}, {"bridge:br1", "network:default"}});
  CHECK(load("").problems.empty());
  for (const char* wrong : {"lab=bridge:br0", "network:lab", "network:lab=", "network:lab=hostdev:x",
                            "network:=bridge:b", "network:a=bridge:b, network:a=bridge:c"})
    CHECK_MESSAGE(load(wrong).problems.size() == 1, wrong);
}

TEST_CASE("The environment overrides the file, and a flag overrides both") {
  const Node node;
  base::write_text_file(node.home.path() / kConfigFileName, "threads = 1\n[libvirt]\nuri = \"qemu:///session\"\n");
  const auto environment = [](const char* name) -> const char* {
    if (std::string_view(name) == "JAUNT_THREADS")
      return "2";
    return std::string_view(name) == "JAUNT_IMAGES_FOLDERS" ? "/a:/b" : nullptr;
  };
  const std::vector<Flag> flags{{.name = "--threads", .key = "threads", .value = "4"}};
  const LoadedConfig loaded = load_config(node.home.path(), flags, environment);
  CHECK(loaded.config.threads == 4);
  CHECK(loaded.config.image_folders == std::vector<std::filesystem::path>{"/a", "/b"});
  CHECK(loaded.origins.at("threads") == "--threads");
  CHECK(loaded.origins.at("images.folders") == "JAUNT_IMAGES_FOLDERS");
  CHECK(loaded.origins.at("libvirt.uri") == node.where(3));
}

TEST_CASE("An unknown key is a problem that names its line and the key that was meant") {
  const Node node;
  const LoadedConfig loaded = node.load("[images]\n\nfoldres = [\"/x\"]\n");
  REQUIRE(loaded.problems.size() == 1);
  CHECK(loaded.problems[0].where == node.where(3));
  CHECK(loaded.problems[0].cause == "there is no key images.foldres");
  CHECK(loaded.problems[0].remedy == "did you mean images.folders?");
  CHECK_THROWS_AS(valid_config(loaded), base::Error);
}

TEST_CASE("Values of the wrong type or range are problems, all of them told at once") {
  const Node node;
  const LoadedConfig loaded = node.load(R"(threads = "4"
[images]
folders = "/x"
devices = ["relative"]
pools = 1
[libvirt]
uri = ""
[scratch]
folder = "tmp"
limit = true
patience = 600
[appliance]
folder = 7
[network]
port = 1
)");
  std::vector<std::string> lines;
  for (const ConfigProblem& problem : loaded.problems)
    lines.push_back(problem.where);
  std::sort(lines.begin(), lines.end());
  std::vector<std::string> expected;
  for (const int line : {1, 3, 4, 5, 7, 9, 10, 11, 13, 14})
    expected.push_back(node.where(line));
  std::sort(expected.begin(), expected.end());
  CHECK(lines == expected);
}

TEST_CASE("Only a size that may be nothing can be zero") {
  const Node node;
  CHECK(node.load("[store]\nkeep = 0\n").problems.empty());
  CHECK(node.load("[store]\nkeep = \"20GiB\"\n").config.store_keep.value == 20 * base::kGiB);
  CHECK(node.load("[store]\nkeep = \"1KiB\"\n").problems.size() == 1);
  CHECK(node.load("[scratch]\nlimit = 0\n").problems.size() == 1);
}

TEST_CASE("A file that is not TOML is a problem at its line") {
  const Node node;
  const LoadedConfig loaded = node.load("threads = 1\n[images\n");
  REQUIRE(loaded.problems.size() == 1);
  CHECK(loaded.problems[0].where == node.where(2));
}

TEST_CASE("The example configuration changes nothing, also with every comment sign removed") {
  const Node node;
  CHECK(node.load(example_config()).origins.empty());
  std::istringstream example(example_config());
  std::string enabled;
  for (std::string line; std::getline(example, line);) {
    const bool setting = line.starts_with("# ") && line.find(" = ") != line.npos;
    enabled += (setting ? line.substr(2) : line) + "\n";
  }
  const LoadedConfig loaded = node.load(enabled);
  CHECK(loaded.problems.empty());
  CHECK(loaded.origins.size() == config_keys().size());
  for (const ConfigKey& key : config_keys())
    CHECK(key.value(loaded.config) == key.value({}));
}
