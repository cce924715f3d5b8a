// What a person decides: jaunt.toml in the home, overridden by the environment, overridden by flags.
#pragma once

#include <chrono>
#include <filesystem>
#include <functional>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "base/units.hpp"
#include "engine/mirror_values.hpp"
#include "engine/network_values.hpp"

namespace jaunt::engine {

inline constexpr std::string_view kConfigFileName = "jaunt.toml";

// The values in force; the initialisers are the defaults.
struct Config {
  std::vector<std::filesystem::path> image_folders{"/var/lib/libvirt/images"};
  std::vector<std::filesystem::path> image_devices;
  bool image_pools = true;
  std::string libvirt_uri = "qemu:///system";
  std::filesystem::path scratch_folder = "/var/lib/libvirt/jaunt";
  base::ByteCount scratch_max{16 * base::kGiB};
  std::chrono::seconds scratch_patience{900};
  std::filesystem::path appliance_folder = "/var/lib/jaunt/cache/appliance";
  bool appliance_use = true;
  base::ByteCount store_keep{0};
  unsigned threads = 0;
  ListenAddresses node_listen;
  LinkLimit node_limit;
  unsigned node_sessions = 16;
  unsigned daemon_jobs = 4;
  std::string daemon_group = "libvirt";
  LocalPort daemon_metrics_port;
  NetworkNames machine_networks;
  std::vector<std::filesystem::path> machine_files;
  std::vector<std::filesystem::path> receive_folders;
  bool receive_define = false;
  bool receive_start = false;
  base::ByteCount receive_keep_free{4 * base::kGiB};
  bool wire_order = true;
  bool wire_history = true;
  bool wire_deltas = true;
  bool archives_use = true;
  bool mirror_use = true;
  MirrorSources mirror_sources;
  MirrorArchives mirror_archives;
  base::ByteCount mirror_cache_max{8 * base::kGiB};
};

// One key. Its type is that of the member it sets.
struct ConfigKey {
  using Member = std::variant<bool Config::*, unsigned Config::*, base::ByteCount Config::*, std::string Config::*,
                              std::filesystem::path Config::*, std::vector<std::filesystem::path> Config::*,
                              ListenAddresses Config::*, LinkLimit Config::*, NetworkNames Config::*,
                              LocalPort Config::*, std::chrono::seconds Config::*, MirrorSources Config::*,
                              MirrorArchives Config::*>;

  std::string_view name;  // "scratch.limit"
  Member member;
  std::string_view meaning;  // a sentence
  bool may_be_zero = false;  // of a size; other sizes have a least one

  std::string environment() const;         // "JAUNT_SCRATCH_LIMIT"
  std::string_view type() const;           // for people: "size", "list of absolute paths"
  std::string value(const Config&) const;  // as TOML
};

// Every key there is: configuration, documentation and checks are made from it.
std::span<const ConfigKey> config_keys();

struct ConfigProblem {
  std::string where;  // "/home/jaunt.toml:3", "JAUNT_THREADS", "--threads"
  std::string cause;
  std::string remedy;
};

// A value given on the command line; text as in the environment.
struct Flag {
  std::string name;  // "--threads"
  std::string key;   // "threads"
  std::string value;
};

struct LoadedConfig {
  Config config;
  std::map<std::string, std::string> origins;  // key → where its value comes from; absent keys have their default
  std::vector<ConfigProblem> problems;
};

// Reads everything and throws only when the file exists and cannot be read. An absent file means defaults.
// `environment` answers like getenv, which it is by default.
LoadedConfig load_config(const std::filesystem::path& home, std::span<const Flag> flags = {},
                         const std::function<const char*(const char*)>& environment = {});

// The configuration, or an Error of kind usage with the first problem.
Config valid_config(const LoadedConfig& loaded);

// Every key with its meaning and default, commented out: a jaunt.toml to begin with.
std::string example_config();

}  // namespace jaunt::engine
