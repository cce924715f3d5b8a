#include "engine/config.hpp"

#include <algorithm>
#include <array>
#include <cstdlib>
#include <utility>

#include <fmt/format.h>
#include <toml++/toml.h>

#include "base/error.hpp"
#include "base/file.hpp"
#include "base/text.hpp"
#include "engine/config_value.hpp"

namespace jaunt::engine {

namespace fs = std::filesystem;
using base::Error;
using base::ErrorKind;

namespace {

constexpr base::ByteCount kFileBytesMax{base::kMiB};

const std::array kKeys{
    ConfigKey{"images.folders", &Config::image_folders,
              "Images, and everything their headers lead to, may be read only from within these folders."},
    ConfigKey{"images.devices", &Config::image_devices,
              "Block devices that may be read as images, each by its path."},
    ConfigKey{"images.pools", &Config::image_pools,
              "Whether the folders of libvirt's active storage pools are allowed as well."},
    ConfigKey{"libvirt.uri", &Config::libvirt_uri, "The libvirt connection whose domains this node knows."},
    ConfigKey{"scratch.folder", &Config::scratch_folder,
              "Where QEMU keeps the old content of blocks that a running VM overwrites while it is read."},
    ConfigKey{"scratch.limit", &Config::scratch_max,
              "How large these scratch files may grow before the reading is given up for the sake of the VM."},
    ConfigKey{"scratch.patience", &Config::scratch_patience,
              "How long a node for which a running VM's instant is kept may do nothing before that is given up."},
    ConfigKey{"appliance.folder", &Config::appliance_folder,
              "Where the appliance that looks into guests is kept; cache/appliance in the home unless given."},
    ConfigKey{
        "appliance.use", &Config::appliance_use,
        "Whether guests are looked into at all; if not, their free space is carried, and nothing tells of systems."},
    ConfigKey{
        "store.keep", &Config::store_keep,
        "Blocks that nothing refers to stay while the store's packs are not larger than this; the oldest go first.",
        true},
    ConfigKey{"node.listen", &Config::node_listen,
              "Where jaunt serve listens, separated by commas; without a host, on every interface, IPv4 and IPv6."},
    ConfigKey{"node.limit", &Config::node_limit,
              "How fast all links together may be in either direction, also by the hour; the first period counts."},
    ConfigKey{"node.sessions", &Config::node_sessions, "How many conversations jaunt serve has at once."},
    ConfigKey{"daemon.jobs", &Config::daemon_jobs, "How many jobs the daemon carries out at once."},
    ConfigKey{"daemon.group", &Config::daemon_group,
              "The group whose members may hand jobs to a daemon that runs as root."},
    ConfigKey{"daemon.metrics_port", &Config::daemon_metrics_port,
              "The port of 127.0.0.1 where the daemon has metrics for Prometheus; 0 means none."},
    ConfigKey{"machine.networks", &Config::machine_networks,
              "What networks of other hosts are called here, for machines that arrive: pairs of kind and name."},
    ConfigKey{"machine.files", &Config::machine_files,
              "Kernels and initial ramdisks of this host that machines that arrive may be started with."},
    ConfigKey{"receive.folders", &Config::receive_folders,
              "Where paired nodes that are granted receive may put the disks of machines that they push; none means "
              "nowhere."},
    ConfigKey{"receive.define", &Config::receive_define, "Whether machines that are pushed here become domains."},
    ConfigKey{"receive.start", &Config::receive_start,
              "Whether machines that are pushed here, and become domains, are started when the source asks for it."},
    ConfigKey{"receive.keep_free", &Config::receive_keep_free,
              "How much space a machine that is pushed here leaves free in its folder.", true},
    ConfigKey{"wire.order", &Config::wire_order, "Whether blocks cross file by file, rather than as they lie on the disk."},
    ConfigKey{"wire.history", &Config::wire_history,
              "Whether blocks that both sides have, beside those that cross, are what the others are compressed by where "
              "the link is slow."},
    ConfigKey{"wire.deltas", &Config::wire_deltas,
              "Whether blocks of which a former version is here cross as what has changed in them where the link is slow."},
    ConfigKey{"archives.use", &Config::archives_use,
              "Whether compressed files, such as initial ramdisks, come as what is in them where the link is slow."},
    ConfigKey{"mirror.use", &Config::mirror_use,
              "Whether packages that a machine consists of are fetched from a package mirror where that is faster."},
    ConfigKey{"mirror.sources", &Config::mirror_sources,
              "Mirrors as in apt's sources.list, \"http://mirror.example.org/debian SUITE COMPONENT...\", or of dnf, \"rpm URL\"; "
              "none means those of this host's apt. Separated by semicolons in the environment."},
    ConfigKey{"mirror.archives", &Config::mirror_archives,
              "Where packages lie whose version no mirror has any more: URLs of folders with a pool/."},
    ConfigKey{"mirror.cache_limit", &Config::mirror_cache_max,
              "How much unpacked packages may take in the home; the least recently used go first."},
    ConfigKey{"threads", &Config::threads, "Threads that read and hash; 0 means one for each processor."},
};

const ConfigKey* find_key(std::string_view name) {
  const auto found = std::find_if(kKeys.begin(), kKeys.end(), [&](const ConfigKey& key) { return key.name == name; });
  return found == kKeys.end() ? nullptr : &*found;
}

// Collects settings, later ones winning.
class Loader {
 public:
  explicit Loader(const fs::path& home) { loaded_.config.appliance_folder = home / "cache/appliance"; }

  void apply(const std::string& name, const Written& written, std::string where) {
    const ConfigKey* key = find_key(name);
    if (key == nullptr)
      return unknown(name, std::move(where));
    const auto complaint = assign_to(*key, written);
    if (complaint)
      problem(std::move(where), fmt::format("{} {}", name, *complaint),
              fmt::format("its default is {}", key->value({})));
    else
      loaded_.origins[name] = std::move(where);
  }

  void problem(std::string where, std::string cause, std::string remedy) {
    loaded_.problems.push_back({std::move(where), std::move(cause), std::move(remedy)});
  }

  void unknown(const std::string& name, std::string where) {
    std::vector<std::string> names;
    for (const ConfigKey& key : kKeys)
      names.emplace_back(key.name);
    const auto meant = base::nearest_word(name, names);
    problem(std::move(where), fmt::format("there is no key {}", base::printable(name)),
            meant ? fmt::format("did you mean {}?", *meant) : "`jaunt config show --defaults` lists all keys");
  }

  LoadedConfig take() { return std::move(loaded_); }

 private:
  Complaint assign_to(const ConfigKey& key, const Written& written) {
    const auto* const size = std::get_if<base::ByteCount Config::*>(&key.member);
    if (size != nullptr && key.may_be_zero && written.text == "0") {
      loaded_.config.** size = {};
      return std::nullopt;
    }
    return std::visit([&](auto member) { return assign(loaded_.config.*member, written); }, key.member);
  }

  LoadedConfig loaded_;
};

Written written(const toml::node& node) {
  using Form = Written::Form;
  if (const auto* text = node.as_string())
    return {.form = Form::text, .text = text->get(), .list = {}};
  if (const auto* number = node.as_integer())
    return {.form = Form::number, .text = std::to_string(number->get()), .list = {}};
  if (const auto* flag = node.as_boolean())
    return {.form = Form::flag, .text = flag->get() ? "true" : "false", .list = {}};
  Written list{.form = Form::list, .text = {}, .list = {}};
  if (const auto* array = node.as_array())
    for (const toml::node& element : *array)
      list.list.push_back(element.value_or(std::string()));  // an empty path is never valid
  else
    list.list.emplace_back();
  return list;
}

// A table is a section as long as some key begins with its name.
bool is_section(const std::string& prefix) {
  return std::any_of(kKeys.begin(), kKeys.end(),
                     [&](const ConfigKey& key) { return key.name.starts_with(prefix + "."); });
}

void apply_table(Loader& loader, const toml::table& table, const std::string& prefix, const std::string& file) {
  for (const auto& [name, node] : table) {
    const std::string path = prefix + std::string(name.str());
    const std::string where = fmt::format("{}:{}", file, name.source().begin.line);
    if (node.is_table() && is_section(path))
      apply_table(loader, *node.as_table(), path + ".", file);
    else
      loader.apply(path, written(node), where);
  }
}

void apply_file(Loader& loader, const fs::path& file) {
  if (!fs::exists(file))
    return;
  const std::string text = base::read_text_file(file, kFileBytesMax);
  try {
    apply_table(loader, toml::parse(text), "", file.string());
  } catch (const toml::parse_error& failure) {
    loader.problem(fmt::format("{}:{}", file.string(), failure.source().begin.line),
                   base::printable(failure.description()), "`jaunt config show --defaults` shows the notation");
  }
}

Written untyped(std::string_view text) {
  Written written{.form = Written::Form::untyped, .text = std::string(text), .list = {}};
  while (!text.empty()) {
    const auto end = std::min(text.find(':'), text.size());
    written.list.emplace_back(text.substr(0, end));
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  return written;
}

}  // namespace

std::string ConfigKey::environment() const {
  std::string result = "JAUNT_";
  for (const char c : name)
    result += c == '.' ? '_' : static_cast<char>(std::toupper(static_cast<unsigned char>(c)));
  return result;
}

std::string_view ConfigKey::type() const {
  constexpr std::array<std::string_view, std::variant_size_v<Member>> names{
      "true or false", "number",    "size",     "text", "absolute path", "list of absolute paths",
      "addresses",     "timetable", "networks", "port", "time", "list of mirrors", "list of URLs"};
  return names[member.index()];
}

std::string ConfigKey::value(const Config& config) const {
  return std::visit([&](auto place) { return to_toml(config.*place); }, member);
}

std::span<const ConfigKey> config_keys() {
  return kKeys;
}

LoadedConfig load_config(const fs::path& home, std::span<const Flag> flags,
                         const std::function<const char*(const char*)>& environment) {
  Loader loader(home);
  apply_file(loader, home / kConfigFileName);
  for (const ConfigKey& key : kKeys) {
    const std::string name = key.environment();
    if (const char* value = environment ? environment(name.c_str()) : std::getenv(name.c_str()))
      loader.apply(std::string(key.name), untyped(value), name);
  }
  for (const Flag& flag : flags)
    loader.apply(flag.key, untyped(flag.value), flag.name);
  return loader.take();
}

Config valid_config(const LoadedConfig& loaded) {
  if (loaded.problems.empty())
    return loaded.config;
  const ConfigProblem& first = loaded.problems.front();
  throw Error(ErrorKind::usage, "use the configuration", first.where, first.cause, first.remedy);
}

std::string example_config() {
  std::string text =
      "# jaunt.toml: configuration of a jaunt node, in its home. Every value can also be given in the\n"
      "# environment under the name in brackets; lists are separated by colons there.\n";
  std::string section;
  std::vector<const ConfigKey*> keys;
  for (const ConfigKey& key : kKeys)
    keys.push_back(&key);
  // Keys without a section must come before the first table.
  std::stable_partition(keys.begin(), keys.end(),
                        [](const ConfigKey* key) { return key->name.find('.') == key->name.npos; });
  for (const ConfigKey* key : keys) {
    const auto dot = key->name.find('.');
    const std::string_view name = dot == key->name.npos ? key->name : key->name.substr(dot + 1);
    if (dot != key->name.npos && key->name.substr(0, dot) != section) {
      section = key->name.substr(0, dot);
      text += fmt::format("\n[{}]\n", section);
    } else {
      text += "\n";
    }
    text += fmt::format("# {} ({}) [{}]\n# {} = {}\n", key->meaning, key->type(), key->environment(), name,
                        key->value({}));
  }
  return text;
}

}  // namespace jaunt::engine
