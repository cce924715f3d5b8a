#include <algorithm>
#include <set>

#include "codec/package_unpacker.hpp"
#include "mirror/mirrors.hpp"
#include "mirror/package_fetch.hpp"
#include "mirror/package_folder.hpp"
#include "model/block.hpp"
#include "support/mirror_scene.hpp"

using namespace jaunt;
using namespace jaunt::mirror;
using namespace jaunt::test_support;

namespace {

std::string bytes_of(const fs::path& path) {
  return base::read_text_file(path, base::ByteCount(base::kGiB));
}

std::set<std::string> blocks_of(const fs::path& path) {
  const std::string bytes = bytes_of(path);
  std::set<std::string> blocks;
  CHECK(bytes.size() % model::kBlockBytes == 0);
  for (std::size_t at = 0; at < bytes.size(); at += model::kBlockBytes)
    blocks.insert(bytes.substr(at, model::kBlockBytes));
  return blocks;
}

std::string padded(std::string text) {
  text.resize((text.size() + model::kBlockBytes - 1) / model::kBlockBytes * model::kBlockBytes);
  return text;
}

base::ErrorKind refused(const fs::path& file, const codec::UnpackBounds& bounds = {}) {
  const base::TemporaryDirectory folder;
  const auto out = base::File::open(folder.path() / "out", O_RDWR | O_CREAT);
  try {
    codec::unpack(codec::Unpacking::package, base::File::open(file, O_RDONLY), out, bounds, {});
  } catch (const base::Error& error) {
    return error.kind();
  }
  return base::ErrorKind::usage;
}

// Two packages at a mirror, and an empty cache.
struct Scene {
  base::TemporaryDirectory folder;
  base::TemporaryDirectory cache;
  std::string program = noise_text(300'000, 7);
  model::Package one{.name = "one", .version = "1.0", .arch = "all"};
  model::Package two{.name = "two", .version = "2.0", .arch = "all"};
  base::CancelToken cancel;

  Scene() {
    fs::create_directories(folder.path() / "debs");
    make_repository(folder.path() / "debian", "stable",
                    {make_deb(folder.path() / "debs", "one", "1.0", {{"usr/bin/one", program}}),
                     make_deb(folder.path() / "debs", "two", "2.0", {{"usr/bin/two", noise_text(50'000, 8)}}, "zstd")});
  }

  struct Result {
    Lookup lookup;
    std::vector<PackageResult> packages;
  };
  Result fetch(const std::string& url, const std::vector<model::Package>& packages) const {
    Result result;
    PackageFolder kept(cache.path() / "packages", cancel);
    Downloads downloads(cache.path(), {}, {.attempts = 3, .connect = std::chrono::milliseconds(1000), .failures_of_host = 2},
                        cancel);
    const Sites sites{.repositories = {{.format = "apt",
                                        .uri = url + "debian",
                                        .suite = "stable",
                                        .components = {"main"},
                                        .enabled = true,
                                        .file = {}}},
                      .archives = {url + "archive"},
                      .proxies = {}};
    result.lookup = look_up(packages, sites, IndexShelf(kept.indices()), downloads, cancel);
    std::vector<Offered> all = result.lookup.found;
    all.insert(all.end(), result.lookup.guessed.begin(), result.lookup.guessed.end());
    result.packages = fetch_packages(
        {.packages = all, .file_of = [&](const model::Package& package) { return kept.file_of(package); }}, downloads,
        cancel);
    return result;
  }
};

PackageEnd end_of(const Scene::Result& result, const std::string& name) {
  for (const PackageResult& package : result.packages)
    if (package.package.name == name)
      return package.end;
  return PackageEnd::absent;
}

// Architecture "all" alone names no index.
const model::Package kAnything{.name = "anything", .version = "1", .arch = "amd64"};

}  // namespace

TEST_CASE("A package becomes the blocks that its files are on a disk, with what dpkg keeps of it") {
  const base::TemporaryDirectory folder;
  std::string sparse = noise_text(10'000, 3) + std::string(40'960, '\0') + "end";
  const std::string twice = noise_text(8192, 4);
  for (const char* const compression : {"xz", "gzip", "zstd", "none"}) {
    const fs::path deb = make_deb(folder.path(), std::string("thing-") + compression, "1.0",
                                  {{"usr/share/a", sparse}, {"usr/share/b", twice}, {"usr/share/c", twice}}, compression);
    const auto out = base::File::open(folder.path() / "out", O_RDWR | O_CREAT | O_TRUNC);
    codec::unpack(codec::Unpacking::package, base::File::open(deb, O_RDONLY), out, {}, {});
    const std::set<std::string> blocks = blocks_of(folder.path() / "out");
    CHECK(bytes_of(folder.path() / "out").size() == blocks.size() * model::kBlockBytes);  // nothing comes twice
    CHECK_FALSE(blocks.contains(std::string(model::kBlockBytes, '\0')));
    CHECK(blocks.contains(padded(sparse).substr(0, model::kBlockBytes)));
    CHECK(blocks.contains(twice.substr(4096)));
    CHECK(blocks.contains(padded("/.\n/usr\n/usr/share\n/usr/share/a\n/usr/share/b\n/usr/share/c\n")));
    CHECK(std::ranges::any_of(blocks, [&](const std::string& block) { return block.starts_with("Package: thing-"); }));
  }
}

TEST_CASE("What is no package, or would be too large, is refused by the child that reads it") {
  const base::TemporaryDirectory folder;
  base::write_text_file(folder.path() / "text", noise_text(100'000, 5));
  base::write_text_file(folder.path() / "empty", "");
  CHECK(refused(folder.path() / "text") == base::ErrorKind::corrupt);
  CHECK(refused(folder.path() / "empty") == base::ErrorKind::corrupt);
  const fs::path deb = make_deb(folder.path(), "thing", "1", {{"a", noise_text(3'000'000, 6)}});
  const std::string whole = bytes_of(deb);
  base::write_text_file(folder.path() / "cut", whole.substr(0, whole.size() / 2));
  CHECK(refused(folder.path() / "cut") == base::ErrorKind::corrupt);
  CHECK(refused(deb, {.output_max = base::ByteCount(base::kMiB)}) == base::ErrorKind::limit);
}

TEST_CASE("A package that unpacks to endless zeros is given up") {
  const base::TemporaryDirectory folder;
  const fs::path deb = make_deb(folder.path(), "bomb", "1", {{"zeros", std::string(200 * base::kMiB, '\0')}});
  CHECK(fs::file_size(deb) < 2 * base::kMiB);
  CHECK(refused(deb, {.output_max = base::ByteCount(20 * base::kMiB)}) == base::ErrorKind::limit);
#if !defined(__SANITIZE_ADDRESS__) && !defined(__SANITIZE_THREAD__)  // which need more than any bound
  CHECK(refused(deb, {.processor_time = std::chrono::seconds(1), .memory_max = base::ByteCount(8 * base::kMiB)}) !=
        base::ErrorKind::usage);
#endif
}

TEST_CASE("Packages are looked up, fetched, unpacked and kept") {
  const Scene scene;
  const MirrorServer server(scene.folder.path());
  const auto result = scene.fetch(server.url(), {scene.one, scene.two, kAnything});
  CHECK(end_of(result, "one") == PackageEnd::ready);
  CHECK(end_of(result, "two") == PackageEnd::ready);
  REQUIRE(result.lookup.unknown.size() == 1);
  CHECK(result.lookup.indices.size() == 1);
  const PackageFolder kept(scene.cache.path() / "packages", scene.cancel);
  REQUIRE(kept.has(scene.one));
  CHECK(bytes_of(kept.file_of(scene.one)).find(scene.program.substr(4096, 4096)) != std::string::npos);
}

TEST_CASE("A mirror that lies, cuts, or is not there costs only its packages") {
  const Scene scene;
  {
    const MirrorServer lying(scene.folder.path(), {"--lie", "one_1.0"});
    const auto result = scene.fetch(lying.url(), {scene.one, scene.two, kAnything});
    CHECK(end_of(result, "one") == PackageEnd::lying);
    CHECK(end_of(result, "two") == PackageEnd::ready);
  }
  {
    const MirrorServer cutting(scene.folder.path(), {"--cut", "100000"});
    const auto result = scene.fetch(cutting.url(), {scene.one, kAnything});
    CHECK(end_of(result, "one") == PackageEnd::ready);
  }
  const auto nowhere = scene.fetch("http://127.0.0.1:1/", {scene.one, kAnything});
  CHECK(nowhere.packages.empty());
  CHECK(nowhere.lookup.unknown.size() == 2);
  CHECK_FALSE(nowhere.lookup.problems.empty());
}

TEST_CASE("A version that no index has any more comes from an archive") {
  const Scene scene;
  const fs::path pool = scene.folder.path() / "archive/pool/main";
  fs::create_directories(pool);
  make_deb(pool, "one", "0.9", {{"usr/bin/one", noise_text(20'000, 9)}});
  const MirrorServer server(scene.folder.path());
  const model::Package old{.name = "one", .version = "0.9", .arch = "all"};
  const auto result = scene.fetch(server.url(), {old, kAnything});
  CHECK(end_of(result, "one") == PackageEnd::ready);
}

TEST_CASE("The folder of packages stays within its limit, and what was used least lately goes first") {
  const base::TemporaryDirectory home;
  const base::CancelToken cancel;
  const auto package = [](const std::string& name) { return model::Package{.name = name, .version = "1", .arch = "all"}; };
  {
    PackageFolder folder(home.path(), cancel);
    for (const char* const name : {"a", "b", "c"}) {
      base::write_text_file(folder.file_of(package(name)), std::string(base::kMiB, 'x'));
      if (std::string(name) != "b")
        folder.use(folder.file_of(package(name)));
    }
    folder.finish();
  }
  PackageFolder folder(home.path(), cancel);
  CHECK(folder.shrink(base::ByteCount(2 * base::kMiB)) == std::vector{folder.file_of(package("b"))});
  folder.use(folder.file_of(package("a")));
  folder.shrink({});
  CHECK(folder.has(package("a")));
  CHECK_FALSE(folder.has(package("c")));
}
