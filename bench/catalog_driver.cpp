// How fast a catalog of a thousand thin clones is opened, asked and put together: made-up trees of realistic size in
// a catalog made by the catalog's own code. Prints one JSON document. Usage: catalog_driver FOLDER
#include <cstdio>
#include <cstring>
#include <ctime>
#include <random>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "base/file.hpp"
#include "chunkstore/layers_source.hpp"
#include "model/tree_writer.hpp"

using namespace jaunt;
using namespace jaunt::chunkstore;
namespace fs = std::filesystem;

namespace {

constexpr std::size_t kBases = 40;
constexpr std::size_t kClones = 1000;
constexpr std::uint64_t kBaseGroups = 43'750;  // 700,000 blocks, 2.9 GB
constexpr std::uint64_t kCloneGroups = 320;    // 5,120 blocks, 21 MB
constexpr std::size_t kNewPerBase = 370'000;   // the rest are blocks of the base before
constexpr base::ByteCount kImageBytes(8 * base::kGiB);

class Maker {
 public:
  explicit Maker(const fs::path& folder) : images_(folder / "images"), catalog_(folder / "home") {
    fs::create_directories(images_);
    catalog_.add_entry(entry_);
  }

  void make() {
    std::vector<model::BlockId> before;
    for (std::size_t i = 0; i < kBases; ++i) {
      std::vector<model::BlockId> ids;
      for (std::size_t block = 0; block < kBaseGroups * model::kFanout; ++block)
        ids.push_back(block >= kNewPerBase && !before.empty() ? before[block - kNewPerBase] : new_id());
      add(fmt::format("base{}", i), ids, {});
      bases_.push_back(layer_);
      before = std::move(ids);
    }
    for (std::size_t i = 0; i < kClones; ++i) {
      std::vector<model::BlockId> ids;
      for (std::size_t block = 0; block < kCloneGroups * model::kFanout; ++block)
        ids.push_back(new_id());
      add(fmt::format("clone{}", i), ids, bases_[i % kBases]);
    }
  }
  const Catalog& catalog() const { return catalog_; }

 private:
  model::BlockId new_id() {
    model::BlockId id;
    for (std::size_t i = 0; i < id.bytes.size(); i += 8) {
      const std::uint64_t half = random_();
      std::memcpy(id.bytes.data() + i, &half, 8);
    }
    return id;
  }

  // A small file takes the layer's place; its tree is exchanged for the made-up one.
  void add(const std::string& name, const std::vector<model::BlockId>& ids, const std::optional<LayerKey>& base) {
    const fs::path file = images_ / name;
    base::write_text_file(file, name);
    const disk::Chain chain =
        disk::resolve_chain({.path = file, .format = "raw"}, {.folders = {images_}, .devices = {}});
    base::Progress silent;
    catalog_.scan_layer(chain, 0, {}, silent);
    layer_ = layer_key(kDefaultRealm, chain.top().path, "raw");
    write_tree(catalog_.tree_path(*catalog_.find_layer(layer_)), ids, base.has_value());
    ImageRecord image{.entry = key_of(entry_), .path = chain.top().path, .size = kImageBytes, .layers = {layer_}};
    if (base)
      image.layers.push_back(*base);
    catalog_.put_image(image);
  }

  void write_tree(const fs::path& path, const std::vector<model::BlockId>& ids, bool thin) {
    model::TreeWriter tree(path, kImageBytes, {}, {});
    model::NodeHasher hasher;
    model::ExtentSet held;
    const std::uint64_t step = thin ? 350 : 2;
    for (std::size_t group = 0; group < ids.size() / model::kFanout; ++group) {
      const auto own = std::span(ids).subspan(group * model::kFanout, model::kFanout);
      tree.add_group(group * step, 0xffff, own, hasher.group(0xffff, own));
      held.insert({base::ByteOffset(group * step * 65536), base::ByteCount(65536)});
    }
    tree.commit();
    if (thin)
      append_held(path, held);
  }

  fs::path images_;
  Catalog catalog_;
  EntryRecord entry_{.location = "/bench"};
  LayerKey layer_{};
  std::vector<LayerKey> bases_;
  std::mt19937_64 random_{1};
};

// Of this process, which no neighbour on the machine changes much.
double processor_seconds() {
  timespec now{};
  ::clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
  return static_cast<double>(now.tv_sec) + static_cast<double>(now.tv_nsec) / 1e9;
}

// The median of five, in seconds of one processor.
template <typename Work>
double median_seconds(const Work& work) {
  std::vector<double> times;
  for (int i = 0; i < 5; ++i) {
    const double begin = processor_seconds();
    work();
    times.push_back(processor_seconds() - begin);
  }
  std::ranges::sort(times);
  return times[2];
}

std::uint64_t anonymous_bytes() {
  const std::string status = base::read_text_file("/proc/self/status", base::ByteCount(base::kMiB));
  return std::stoull(status.substr(status.find("RssAnon:") + 8)) * base::kKiB;
}

nlohmann::json measure(const Catalog& catalog) {
  std::unique_ptr<LayersSource> source;
  const double open = median_seconds([&] { source = LayersSource::open(catalog); });
  const std::uint64_t anonymous = anonymous_bytes();
  // What a guest needs: blocks of some base, and as many that nobody has, which are looked for everywhere.
  const auto known = source->tree(0).ids();
  std::vector<model::BlockId> ids(known.begin(), known.begin() + 233'000);
  for (std::size_t i = 0; i < 233'000; ++i) {
    ids.push_back(known[i * 3]);
    ids.back().bytes[15] ^= std::byte{1};
  }
  std::ranges::sort(ids);
  std::size_t found = 0;
  const double find = median_seconds([&] {
    found = 0;
    for (std::size_t at = 0; at < ids.size(); at += 100'000)
      source->find(std::span(ids).subspan(at, std::min<std::size_t>(100'000, ids.size() - at)),
                   [&](std::size_t, const Place&) { ++found; });
  });
  std::vector<std::uint64_t> prefixes;
  for (const model::BlockId& id : ids)
    prefixes.push_back(__builtin_bswap64(base::load_le<std::uint64_t>(id.bytes)) >> 24);
  prefixes.erase(std::unique(prefixes.begin(), prefixes.end()), prefixes.end());
  std::size_t completed = 0;
  const double complete = median_seconds([&] {
    completed = 0;
    source->complete(prefixes, 40, [&](std::size_t, const model::BlockId&, const Place&) { ++completed; });
  });
  const auto thin = std::ranges::find_if(source->images(), [](const HeldImage& i) { return i.layers.size() == 2; });
  const double compose = median_seconds([&] { source->compose(*thin); });
  return {{"images", source->images().size()},
          {"layers", source->parts()},
          {"ids_in_all_layers", source->ids()},
          {"open_seconds", open},
          {"anonymous_bytes_after_open", anonymous},
          {"ids_asked", ids.size()},
          {"ids_found", found},
          {"find_seconds", find},
          {"ids_completed", completed},
          {"complete_40_bits_seconds", complete},
          {"compose_2.9_gb_seconds", compose}};
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 2) {
    fmt::print(stderr, "usage: catalog_driver FOLDER\n");
    return 2;
  }
  Maker maker(argv[1]);
  if (maker.catalog().images().empty())
    maker.make();
  fmt::print("{}\n", measure(maker.catalog()).dump());
}
