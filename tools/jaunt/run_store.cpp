// jaunt store stats, verify, gc, forget.
#include <charconv>
#include <map>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "base/file.hpp"
#include "base/hash.hpp"
#include "base/text.hpp"
#include "chunkstore/layers_source.hpp"
#include "chunkstore/store_gc.hpp"
#include "chunkstore/store_verify.hpp"
#include "context.hpp"
#include "handlers.hpp"
#include "interrupt.hpp"
#include "progress_line.hpp"

namespace jaunt::cli {

using Json = nlohmann::ordered_json;
using base::Error;
using base::ErrorKind;

namespace {

constexpr int kPartly = 3;
constexpr int kVerifyFailed = 14;

chunkstore::Store open_store(const Invocation& invocation) {
  return chunkstore::Store(engine::Home(home_path(invocation)).path());
}

unsigned threads_of(const Invocation& invocation) {
  return engine::valid_config(load_config(invocation)).threads;
}

std::int64_t seconds_since_1970(chunkstore::Clock::time_point time) {
  return std::chrono::duration_cast<std::chrono::seconds>(time.time_since_epoch()).count();
}

Json references_json(const std::vector<chunkstore::Reference>& references) {
  Json list = Json::array();
  for (const auto& reference : references)
    list.push_back({{"realm", reference.realm},
                    {"holder", chunkstore::to_string(reference.holder)},
                    {"name", base::printable(reference.name)},
                    {"blocks", reference.ids},
                    {"since", seconds_since_1970(reference.since)},
                    {"expires", reference.expires ? Json(seconds_since_1970(*reference.expires)) : Json()}});
  return list;
}

// "5%", "100%", "0.5%" as a share of one.
double share_of(const Invocation& invocation) {
  const auto text = invocation.value("--share");
  if (!text)
    return 1;
  double percent = 0;
  const auto [end, failed] = std::from_chars(text->data(), text->data() + text->size(), percent);
  if (failed != std::errc() || std::string_view(end) != "%" || !(percent > 0) || percent > 100)
    throw Error(ErrorKind::usage, "use --share", *text, "it is not a share of the store",
                "write it as in --share 5%");
  return percent / 100;
}

base::ByteCount size_of(const Invocation& invocation, const char* option, base::ByteCount otherwise) {
  const auto text = invocation.value(option);
  if (!text)
    return otherwise;
  const auto bytes = base::parse_bytes(*text);
  if (!bytes)
    throw Error(ErrorKind::usage, std::string("use ") + option, *text, "it is not a size", "write it as in 20GiB");
  return *bytes;
}

void print_report(const chunkstore::GcReport& report, const Invocation& invocation, const char* type) {
  if (invocation.flag("--json")) {
    fmt::print("{}\n", Json({{"type", type},
                             {"bytes_before", report.bytes_before.value},
                             {"bytes_after", report.bytes_after.value},
                             {"blocks_dropped", report.blocks_dropped},
                             {"blocks_moved", report.blocks_moved},
                             {"packs_removed", report.packs_removed},
                             {"packs_rewritten", report.packs_rewritten}})
                           .dump());
  } else if (!invocation.flag("--quiet")) {
    fmt::print("{} blocks dropped, {} moved; packs were {}, are {}\n", report.blocks_dropped, report.blocks_moved,
               base::human_bytes(report.bytes_before), base::human_bytes(report.bytes_after));
  }
}

struct KeyedRealm {
  std::string name;
  model::RealmKey key{};
};

// Of "REALM=FILE"; the file has 64 hexadecimal digits.
std::optional<KeyedRealm> keyed_realm(const Invocation& invocation) {
  const auto text = invocation.value("--key");
  if (!text)
    return std::nullopt;
  const std::size_t equals = text->find('=');
  if (equals == text->npos)
    throw Error(ErrorKind::usage, "use --key", *text, "it does not say which realm's key is in which file",
                "write it as in --key customer7=/root/customer7.key");
  KeyedRealm realm{.name = text->substr(0, equals)};
  chunkstore::check_realm_name(realm.name);
  const std::string path = text->substr(equals + 1);
  std::string digits = base::read_text_file(path, base::ByteCount(base::kKiB));
  digits.erase(digits.find_last_not_of(" \r\n") + 1);
  const auto key = base::from_hex(digits);
  if (!key || key->size() != realm.key.size())
    throw Error(ErrorKind::usage, "use --key", path, "it is not a realm's key", "a key is 64 hexadecimal digits");
  std::ranges::copy(*key, realm.key.begin());
  return realm;
}

// The catalogued layers of each realm, opened when something of it was lost.
class LocalImages {
 public:
  explicit LocalImages(const Invocation& invocation)
      : catalog_(home_path(invocation)), keyed_(keyed_realm(invocation)) {}

  chunkstore::RepairSource of(const std::string& realm) {
    const auto key = keyed_ && keyed_->name == realm ? std::optional(keyed_->key) : std::nullopt;
    auto& source = sources_[realm];
    if (!source)
      source = chunkstore::LayersSource::open(catalog_, realm, key);
    return {.blocks = source.get(), .key = key};
  }

 private:
  chunkstore::Catalog catalog_;
  std::optional<KeyedRealm> keyed_;
  std::map<std::string, std::unique_ptr<chunkstore::LayersSource>> sources_;
};

Json verify_json(const chunkstore::VerifyReport& report) {
  Json lost = Json::array();
  for (const chunkstore::LostBlock& block : report.lost)
    lost.push_back({{"realm", block.realm},
                    {"id", model::to_hex(block.id)},
                    {"referred_to", block.referred_to},
                    {"repaired", block.repaired}});
  return {{"type", "store_verify"},
          {"packs_read", report.packs_read},
          {"bytes_read", report.bytes_read.value},
          {"packs_left", report.packs_left},
          {"damaged_groups", report.damaged_groups},
          {"index_rebuilt", report.index_rebuilt},
          {"blocks_lost", report.blocks_lost},
          {"blocks_repaired", report.blocks_repaired},
          {"lost", std::move(lost)}};
}

void print_verify(const chunkstore::VerifyReport& report, bool quiet) {
  for (const chunkstore::LostBlock& block : report.lost)
    fmt::print("{} {}{}{}\n", block.realm, model::to_hex(block.id), block.referred_to ? ", needed" : "",
               block.repaired ? ", repaired" : ", lost");
  if (quiet)
    return;
  fmt::print("{} packs read ({}), {} left in this round; {} blocks lost, {} of them repaired\n", report.packs_read,
             base::human_bytes(report.bytes_read), report.packs_left, report.blocks_lost, report.blocks_repaired);
}

}  // namespace

int run_store_stats(const Invocation& invocation) {
  const chunkstore::Store store = open_store(invocation);
  std::optional<std::string> realm;
  if (!invocation.arguments().empty())
    chunkstore::check_realm_name(*(realm = invocation.arguments().front()));
  const auto figures = store.figures(realm);
  const auto references = store.references().list(realm);
  if (invocation.flag("--json")) {
    fmt::print("{}\n", Json({{"type", "store_stats"},
                             {"realms", store.realms()},
                             {"blocks", figures.blocks},
                             {"referred_blocks", figures.referred_blocks},
                             {"stored_blocks", figures.stored_blocks},
                             {"packs", figures.packs},
                             {"pack_bytes", figures.pack_bytes.value},
                             {"index_bytes", figures.index_bytes.value},
                             {"manifest_bytes", figures.manifest_bytes.value},
                             {"damaged_groups", figures.damaged_groups},
                             {"references", references_json(references)}})
                           .dump());
    return 0;
  }
  fmt::print("blocks      {} ({}), {} of them referred to\n", figures.blocks,
             base::human_bytes(base::ByteCount(figures.blocks * model::kBlockBytes)), figures.referred_blocks);
  fmt::print("packs       {} with {} blocks in {}\n", figures.packs, figures.stored_blocks,
             base::human_bytes(figures.pack_bytes));
  fmt::print("index       {}, manifest {}\n", base::human_bytes(figures.index_bytes),
             base::human_bytes(figures.manifest_bytes));
  if (figures.damaged_groups > 0)
    fmt::print("damaged     {} groups; jaunt store verify --repair looks for their blocks elsewhere\n",
               figures.damaged_groups);
  for (const auto& reference : references)
    fmt::print("{:<11} {}: {} blocks of {}\n", chunkstore::to_string(reference.holder),
               base::printable(reference.name), reference.ids, reference.realm);
  return 0;
}

int run_store_verify(const Invocation& invocation) {
  const chunkstore::Store store = open_store(invocation);
  ProgressLine progress(invocation.flag("--quiet"));
  chunkstore::VerifyOptions options{.share = share_of(invocation)};
  std::optional<LocalImages> images;
  if (invocation.flag("--repair")) {
    images.emplace(invocation);
    options.repair_from = [&](const std::string& realm) { return images->of(realm); };
  }
  const auto report = verify_store(store, options, progress, interrupted());
  if (invocation.flag("--json"))
    fmt::print("{}\n", verify_json(report).dump());
  else
    print_verify(report, invocation.flag("--quiet"));
  if (report.blocks_lost == 0)
    return 0;
  return report.blocks_repaired == report.blocks_lost ? kPartly : kVerifyFailed;
}

int run_store_gc(const Invocation& invocation) {
  const chunkstore::Store store = open_store(invocation);
  ProgressLine progress(invocation.flag("--quiet"));
  const engine::Config config = engine::valid_config(load_config(invocation));
  chunkstore::GcOptions options{.keep_max = size_of(invocation, "--keep", config.store_keep),
                                .threads = config.threads};
  if (invocation.flag("--thorough"))
    options.garbage_min = 0;
  print_report(collect_garbage(store, options, progress, interrupted()), invocation, "store_gc");
  return 0;
}

int run_store_forget(const Invocation& invocation) {
  const chunkstore::Store store = open_store(invocation);
  const std::string& name = invocation.arguments().front();
  const auto realms = store.realms();
  const auto references = store.references().list();
  const bool is_realm = std::ranges::find(realms, name) != realms.end() ||
                        std::ranges::find(references, name, &chunkstore::Reference::realm) != references.end();
  ProgressLine progress(invocation.flag("--quiet"));
  const chunkstore::GcOptions options{.threads = threads_of(invocation)};
  const auto report =
      is_realm ? forget_realm(store, name, options) : forget_image(store, name, options, progress, interrupted());
  print_report(report, invocation, "store_forget");
  return 0;
}

}  // namespace jaunt::cli
