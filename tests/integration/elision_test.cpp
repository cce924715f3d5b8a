// A guest rebuilt without the blocks that its filesystems prove to be free is the same guest.
#include <algorithm>
#include <chrono>
#include <filesystem>
#include <sstream>
#include <string>
#include <vector>

#include <doctest/doctest.h>
#include <fcntl.h>
#include <unistd.h>

#include "base/file.hpp"
#include "base/process.hpp"
#include "base/progress.hpp"
#include "base/text.hpp"
#include "describe/guest.hpp"
#include "disk/chain.hpp"
#include "disk/nbd_server.hpp"
#include "disk/open.hpp"
#include "disk/writer.hpp"
#include "support/seed.hpp"
#include "support/skip.hpp"
#include "support/world.hpp"

using namespace jaunt;
namespace fs = std::filesystem;

namespace {

using base::ByteCount;
using base::ByteOffset;
using test_support::WorldGuest;

base::Captured run(std::vector<std::string> argv) {
  return base::run({.argv = std::move(argv), .environment = {}, .confinement = {}}, std::chrono::minutes(15),
                   ByteCount(16 * base::kMiB));
}

void must_run(std::vector<std::string> argv) {
  const auto result = run(std::move(argv));
  REQUIRE_MESSAGE(result.status.success(), result.out, result.err);
}

// What guestfish prints, working on the image read-only in an appliance.
std::string guestfish(const fs::path& image, std::vector<std::string> words) {
  std::vector<std::string> argv{"guestfish", "--ro", "--format=raw", "-a", image.string()};
  argv.insert(argv.end(), words.begin(), words.end());
  const auto result =
      base::run({.argv = std::move(argv),
                 .environment = {"LIBGUESTFS_BACKEND=direct", "LIBGUESTFS_BACKEND_SETTINGS=force_tcg"},
                 .confinement = {}},
                std::chrono::minutes(15), ByteCount(base::kMiB));
  REQUIRE_MESSAGE(result.status.success(), result.err);
  return result.out;
}

// Writes what is carried of the guest's disk into a new image and returns how many bytes were elided.
ByteCount rebuild(const WorldGuest& guest, const fs::path& copy) {
  const disk::Chain chain = disk::resolve_chain({.path = guest.disk, .format = guest.format},
                                                {.folders = {fs::canonical(guest.folder)}, .devices = {}});
  const auto server = disk::NbdServer::start(chain);
  base::Progress silent;
  const describe::InspectOptions options{.force_tcg = true,
                                         .in_use = false,
                                         .cache_folder = "/var/cache/jaunt/appliance",
                                         .confine_program = {},
                                         .on_file = {}};
  const auto facts = describe::inspect_guest({server->address()}, options, silent, {});
  for (const auto& problem : facts.problems)
    MESSAGE(base::printable(problem.subject) << ": " << base::printable(problem.cause));
  const model::ExtentSet& elided = facts.elidable.at(0);

  const auto image = disk::open_image(chain);
  const auto reader = image->reader();
  const auto writer = disk::create_raw(copy, chain.size(), {.replace = false, .mode = 0644});
  model::ExtentSet carried;
  carried.insert({ByteOffset(0), chain.size()});
  base::Bytes piece(base::kMiB);
  carried = carried.minus(elided);
  for (const model::Extent& extent : carried.extents()) {
    for (ByteOffset at = extent.offset; at < extent.end(); at += ByteCount(piece.size())) {
      const auto part = std::span(piece).first(std::min<std::uint64_t>(piece.size(), (extent.end() - at).value));
      reader->read(at, part);
      writer->write(at, part);
    }
  }
  writer->commit();
  return elided.total();
}

// Where a folder's worth of guests can be rebuilt: on the disk, not in memory.
struct Scratch {
  base::TemporaryDirectory folder{"/var/tmp"};
  fs::path copy = folder.path() / "rebuilt.raw";
  Scratch() { fs::permissions(folder.path(), fs::perms(0755)); }
};

void expect_it_boots(const std::string& guest, const fs::path& copy) {
  must_run({JAUNT_SOURCE_DIR "/tests/world/world", "boot", guest, "--disk", copy.string()});
}

// Hashing a gigabyte under emulation takes minutes, so only a full campaign looks at every file, other runs at one in
// twenty-five.
void expect_same_files_inside(const WorldGuest& guest, const fs::path& copy) {
  const std::size_t every = jaunt::testing::full_campaign() ? 1 : 25;
  std::istringstream sums(guest.read("files.sha256"));  // "HASH  PATH"
  std::vector<std::string> words{"-i"};
  std::string expected;
  std::size_t files = 0;
  for (std::string line; std::getline(sums, line); ++files) {
    if (files % every != 0)
      continue;
    words.insert(words.end(), {"checksum", "sha256", "/" + line.substr(66), ":"});
    expected += line.substr(0, 64) + "\n";
  }
  CHECK(files > 1000);
  words.pop_back();
  CHECK(guestfish(copy, words) == expected);
}

}  // namespace

TEST_CASE("An ext4 guest without its free blocks passes fsck, holds the same files and boots") {
  JAUNT_SKIP_UNLESS(::geteuid() == 0, "mounting and booting need root");
  JAUNT_NEED_GUEST(guest, "minimal");
  const Scratch scratch;
  const ByteCount elided = rebuild(guest, scratch.copy);
  MESSAGE("elided " << base::human_bytes(elided));
  CHECK(elided > ByteCount(base::kGiB));
  // The recipe's one partition begins at 1 MiB.
  must_run({"e2fsck", "-fn", scratch.copy.string() + "?offset=1048576"});
  const fs::path mounted = scratch.folder.path() / "mounted";
  fs::create_directory(mounted);
  must_run({"mount", "-o", "loop,ro,offset=1048576", scratch.copy.string(), mounted.string()});
  const auto same_files = run({"sh", "-c", "cd \"$1\" && exec sha256sum --check --quiet --strict \"$2\"", "sh",
                               mounted.string(), (guest.folder / "files.sha256").string()});
  must_run({"umount", mounted.string()});
  CHECK_MESSAGE(same_files.status.success(), same_files.err);
  expect_it_boots("minimal", scratch.copy);
}

TEST_CASE("An XFS guest on LVM without its free blocks passes xfs_repair, holds the same files and boots") {
  JAUNT_SKIP_UNLESS(::geteuid() == 0, "booting needs root");
  JAUNT_NEED_GUEST(guest, "xfs-lvm");
  const Scratch scratch;
  const ByteCount elided = rebuild(guest, scratch.copy);
  MESSAGE("elided " << base::human_bytes(elided));
  CHECK(elided > ByteCount(base::kGiB));
  const std::string checked = guestfish(scratch.copy, {"run", ":", "xfs-repair", "/dev/world/root", "nomodify:true",
                                                       ":", "xfs-repair", "/dev/world/data", "nomodify:true"});
  CHECK(checked == "0\n0\n");
  expect_same_files_inside(guest, scratch.copy);
  expect_it_boots("xfs-lvm", scratch.copy);
}
