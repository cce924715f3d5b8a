// What of a guest's packaged files its packages hold, when a mirror of them is asked.
#include <sstream>

#include "mirror/mirrors.hpp"
#include "mirror/package_fetch.hpp"
#include "mirror/package_folder.hpp"
#include "support/mirror_scene.hpp"
#include "support/skip.hpp"
#include "support/world.hpp"

using namespace jaunt;
using namespace jaunt::mirror;
using namespace jaunt::test_support;

namespace {

constexpr double kShareMin = 0.95;

std::vector<model::Package> packages_of(const WorldGuest& guest) {
  std::vector<model::Package> all;
  std::istringstream lines(guest.read("packages.txt"));
  for (model::Package one; lines >> one.name >> one.version >> one.arch;)
    all.push_back(one);
  return all;
}

// A root filesystem in the first partition, mounted for as long as this lives.
struct Mounted {
  base::TemporaryDirectory at{"/var/tmp"};
  bool mounted = false;

  explicit Mounted(const fs::path& disk) {
    mounted = base::run({.argv = {"mount", "-o", "loop,ro,noload,offset=1048576", disk.string(), at.path().string()},
                         .environment = {},
                         .confinement = {}},
                        std::chrono::seconds(30), base::ByteCount(base::kMiB))
                  .status.success();
  }
  ~Mounted() {
    if (mounted)
      run_or_fail({"umount", at.path().string()});
  }
  Mounted(const Mounted&) = delete;
  Mounted& operator=(const Mounted&) = delete;
};

struct Fetch {
  base::TemporaryDirectory home{"/var/tmp"};
  std::size_t ready = 0;

  void from(const std::string& url, const std::vector<model::Package>& packages) {
    const base::CancelToken cancel;
    const PackageFolder folder(home.path() / "packages", cancel);
    Downloads downloads(home.path(), {}, {}, cancel);
    const Sites sites{
        .repositories = {{.format = "rpm", .uri = url, .suite = {}, .components = {}, .enabled = true, .file = {}}},
        .archives = {},
        .proxies = {}};
    const Lookup lookup = look_up(packages, sites, IndexShelf(folder.indices()), downloads, cancel);
    for (const std::string& problem : lookup.problems)
      MESSAGE(problem);
    for (const PackageResult& result : fetch_packages(
             {.packages = lookup.found,
              .file_of = [&](const model::Package& package) { return folder.file_of(package); }},
             downloads, cancel)) {
      if (result.end == PackageEnd::ready)
        ++ready;
      else
        MESSAGE(result.package.name, ": ", to_string(result.end), " ", result.cause);
    }
  }
};

}  // namespace

TEST_CASE("Nearly all bytes that packages own in an rpm guest are found in its packages") {
  JAUNT_NEED_GUEST(guest, "rpm");
  const Mounted root(guest.disk);
  JAUNT_SKIP_UNLESS(root.mounted, "only root may mount a guest's disk");
  const MirrorServer server(guest.folder / "repository");
  Fetch fetch;
  const auto packages = packages_of(guest);
  fetch.from(server.url(), packages);
  CHECK(fetch.ready == packages.size());
  fs::path lists;
  for (const auto& entry : fs::directory_iterator(guest.folder / "repository/repodata"))
    if (entry.path().string().ends_with("-filelists.xml.gz"))
      lists = entry.path();
  const base::Captured told =
      base::run({.argv = {JAUNT_TEST_SUPPORT "/package-coverage", root.at.path().string(),
                          (fetch.home.path() / "packages").string(), lists.string()},
                 .environment = {},
                 .confinement = {}},
                std::chrono::minutes(5), base::ByteCount(base::kMiB));
  INFO(told.err);
  REQUIRE(told.status.success());
  std::istringstream numbers(told.out);
  double found = 0;
  double owned = 0;
  numbers >> found >> owned;
  MESSAGE("of ", packages.size(), " packages ", fetch.ready, " were unpacked; of ", owned / 1e6, " MB that they own, ",
          found / 1e6, " MB (", 100 * found / owned, " %) are found in them");
  CHECK(owned > 100e6);
  CHECK(found / owned >= kShareMin);
}
