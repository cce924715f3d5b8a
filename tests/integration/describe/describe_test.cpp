#include <algorithm>
#include <fstream>
#include <map>
#include <set>
#include <sstream>

#include <doctest/doctest.h>
#include <fcntl.h>

#include "guest_images.hpp"
#include "support/skip.hpp"
#include "support/world.hpp"

using namespace jaunt;
using namespace jaunt::test_support;
using base::ByteCount;
using base::ByteOffset;
using model::FilesystemState;

namespace {

constexpr std::uint64_t kBlock = 4096;

// One appliance looks at all small disks at once; each case asks about its own.
struct SmallDisks {
  GuestImages images;
  std::map<std::string, std::size_t> index;
  std::map<std::string, std::filesystem::path> paths;
  std::map<std::string, std::string> hashes;
  describe::GuestFacts facts;
  std::vector<describe::FileExtents> files;

  void add(const std::string& name, const std::filesystem::path& path) {
    index.emplace(name, index.size());
    paths.emplace(name, path);
  }

  SmallDisks() {
    add("clean", images.ext4("clean"));
    add_tampered("dirty", "ssv state 0");
    add_tampered("journal", "feature needs_recovery");
    add_tampered("orphan", "ssv last_orphan 12");
    add_tampered("unknown", "feature FEATURE_I30");
    add("twin1", images.ext4("twin1", {"-U", "5f1dd10f-34ac-4bf0-8fcf-6a3ad7f4a001"}));
    add("twin2", images.ext4("twin2", {"-U", "5f1dd10f-34ac-4bf0-8fcf-6a3ad7f4a001"}));
    add("small_blocks", images.ext4("small_blocks", {"-b", "1024"}));
    add_xfs();
    add_unclean_xfs();
    add_swap_and_luks();
    add("misaligned", misaligned("misaligned", images.ext4("inner")));
    add_broken();
    std::vector<describe::Drive> drives(index.size());
    for (const auto& [name, at] : index) {
      hashes[name] = sha256_of(paths[name]);
      drives[at] = images.serve(paths[name]);
    }
    facts = inspect(drives, false, [this](const describe::FileExtents& file) { files.push_back(file); });
  }

  void add_tampered(const std::string& name, const std::string& request) {
    const auto path = images.ext4(name);
    images.tamper(path, request);
    add(name, path);
  }

  void add_xfs() {
    const auto path = images.blank("xfs", ByteCount(320 * base::kMiB));
    run_tool({"mkfs.xfs", "-q", path.string()});
    add("xfs", path);
  }

  void add_unclean_xfs() {
    const auto unlinked = images.blank("xfs_unlinked", ByteCount(320 * base::kMiB));
    run_tool({"mkfs.xfs", "-q", unlinked.string()});
    run_tool({"xfs_db", "-x", "-c", "agi 0", "-c", "write unlinked[5] 133", unlinked.string()});
    add("xfs_unlinked", unlinked);
    const auto dirty = images.blank("xfs_dirty", ByteCount(320 * base::kMiB));
    run_tool({"mkfs.xfs", "-q", dirty.string()});
    images.crash_while_writing(dirty);
    add("xfs_dirty", dirty);
  }

  void add_swap_and_luks() {
    const auto swap = images.blank("swap", ByteCount(16 * base::kMiB));
    run_tool({"mkswap", "-q", swap.string()});
    add("swap", swap);
    // An ext4 that became LUKS: its superblock is still there.
    const auto luks = images.ext4("luks");
    std::ofstream(images.folder() / "key") << "secret";
    run_tool({"cryptsetup", "luksFormat", "--batch-mode", "--type=luks1", "--pbkdf-force-iterations=1000",
              luks.string(), (images.folder() / "key").string()});
    add("luks", luks);
  }

  // A partition at sector 63, as old systems made them, with a filesystem of its own.
  std::filesystem::path misaligned(const std::string& name, const std::filesystem::path& inner) {
    const auto path = images.blank(name, ByteCount(80 * base::kMiB));
    std::ofstream(images.folder() / "table") << "label: dos\nstart=63, size=131072, type=83\n";
    run_tool({"sh", "-c",
              "sfdisk -q \"$0\" < \"$1\" && dd if=\"$2\" of=\"$0\" bs=512 seek=63 conv=notrunc status=none",
              path.string(), (images.folder() / "table").string(), inner.string()});
    return path;
  }

  void add_broken() {
    const auto corrupt = images.ext4("corrupt");
    run_tool({"sh", "-c",
              "head -c 400 /dev/zero | tr '\\0' '\\377' | dd of=\"$0\" bs=1 seek=1100 conv=notrunc status=none",
              corrupt.string()});
    add("corrupt", corrupt);
    const auto truncated = misaligned("truncated", images.ext4("inner_truncated"));
    std::filesystem::resize_file(truncated, 20 * base::kMiB);
    add("truncated", truncated);
  }

  const model::ExtentSet& elidable(const std::string& name) const { return facts.elidable.at(index.at(name)); }

  // The first filesystem of that disk.
  const model::Filesystem& filesystem(const std::string& name) const {
    const std::string device = "/dev/sd" + std::string(1, static_cast<char>('a' + index.at(name)));
    for (const auto& each : facts.filesystems)
      if (each.device.starts_with(device))
        return each;
    FAIL("no filesystem on " << name);
    return facts.filesystems.front();
  }
};

const SmallDisks& small_disks() {
  static const SmallDisks disks;
  return disks;
}

// The blocks that debugfs calls free, and the journal's but its first.
std::set<std::uint64_t> truly_free(const std::filesystem::path& image) {
  std::set<std::uint64_t> free;
  const std::string answers = run_tool({"debugfs", "-R", "testb 1 16383", image.string()});
  std::istringstream lines(answers);
  for (std::string line; std::getline(lines, line);)
    if (line.ends_with(" not in use"))
      free.insert(std::stoull(line.substr(6)));
  std::istringstream journal(run_tool({"debugfs", "-R", "blocks <8>", image.string()}));
  std::uint64_t block = 0;
  journal >> block;
  while (journal >> block)
    free.insert(block);
  return free;
}

std::uint64_t blocks_in(const model::ExtentSet& set) {
  return set.total().value / kBlock;
}

#define NEED_APPLIANCE() JAUNT_SKIP_UNLESS(appliance_obstacle().empty(), appliance_obstacle())

}  // namespace

TEST_CASE("Of a clean ext4 exactly the free blocks and the closed journal are elided") {
  NEED_APPLIANCE();
  const auto& disks = small_disks();
  const auto free = truly_free(disks.paths.at("clean"));
  std::uint64_t wrong = 0;
  for (const auto& extent : disks.elidable("clean").extents())
    for (auto at = extent.offset.value; at < extent.end().value; at += kBlock)
      wrong += free.contains(at / kBlock) ? 0 : 1;
  CHECK(wrong == 0);
  CHECK(blocks_in(disks.elidable("clean")) <= free.size());
  CHECK(blocks_in(disks.elidable("clean")) * 100 >= free.size() * 99);
  CHECK(disks.filesystem("clean").state == FilesystemState::clean);
}

TEST_CASE("An ext4 without its elided blocks passes fsck and holds the same files") {
  NEED_APPLIANCE();
  const auto& disks = small_disks();
  for (const char* name : {"clean", "small_blocks"}) {
    const auto copy = disks.images.folder() / (std::string(name) + ".copy");
    copy_without(disks.paths.at(name), copy, disks.elidable(name));
    run_tool({"e2fsck", "-fn", copy.string()});
    for (const auto& [image, out] : {std::pair{disks.paths.at(name), "a"}, std::pair{copy, "b"}}) {
      std::filesystem::remove_all(disks.images.folder() / out);
      std::filesystem::create_directory(disks.images.folder() / out);
      run_tool({"debugfs", "-R", "rdump / " + (disks.images.folder() / out).string(), image.string()});
    }
    run_tool({"diff", "-r", (disks.images.folder() / "a").string(), (disks.images.folder() / "b").string()});
    CHECK(std::filesystem::exists(disks.images.folder() / "b" / "srv" / "file39"));
  }
}

TEST_CASE("A misaligned partition's free space is the disk's whole blocks inside it") {
  NEED_APPLIANCE();
  const auto& disks = small_disks();
  const auto inner = truly_free(disks.images.folder() / "inner");
  const auto& elidable = disks.elidable("misaligned");
  for (const auto& extent : elidable.extents()) {
    CHECK(extent.offset.value % kBlock == 0);
    for (auto at = extent.offset.value; at < extent.end().value; at += 512)
      REQUIRE(inner.contains((at - 63 * 512) / kBlock));
  }
  CHECK(blocks_in(elidable) * 100 >= inner.size() * 98);
}

TEST_CASE("Of a clean XFS the free space is elided, and the rest passes repair") {
  NEED_APPLIANCE();
  const auto& disks = small_disks();
  const auto& filesystem = disks.filesystem("xfs");
  CHECK(filesystem.state == FilesystemState::clean);
  REQUIRE(filesystem.free.has_value());
  CHECK(disks.elidable("xfs").total() <= *filesystem.free);
  CHECK(disks.elidable("xfs").total().value * 100 >= filesystem.free->value * 99);
  const auto copy = disks.images.folder() / "xfs.copy";
  copy_without(disks.paths.at("xfs"), copy, disks.elidable("xfs"));
  run_tool({"xfs_repair", "-n", "-f", copy.string()});
}

TEST_CASE("Nothing is elided of what is dirty, orphaned, unknown, doubled, encrypted, swap or broken") {
  NEED_APPLIANCE();
  const auto& disks = small_disks();
  for (const char* name : {"dirty", "journal", "orphan", "unknown", "twin1", "twin2", "luks", "swap", "corrupt",
                           "truncated", "xfs_unlinked", "xfs_dirty"}) {
    CAPTURE(name);
    CHECK(disks.elidable(name).empty());
  }
  for (const char* name : {"dirty", "journal", "orphan", "xfs_unlinked", "xfs_dirty"}) {
    CAPTURE(name);
    CHECK(disks.filesystem(name).state == FilesystemState::dirty);
    CHECK(disks.filesystem(name).state_reason != "");
  }
  CHECK(disks.filesystem("unknown").state == FilesystemState::unknown);
  CHECK(disks.filesystem("luks").opaque);
  CHECK(disks.filesystem("swap").type == "swap");
}

TEST_CASE("A broken disk is described by what could not be read") {
  NEED_APPLIANCE();
  const auto& disks = small_disks();
  CHECK(disks.filesystem("corrupt").state != FilesystemState::clean);
  CHECK_FALSE(disks.facts.problems.empty());
  const auto& tables = disks.facts.partition_tables;
  CHECK(std::any_of(tables.begin(), tables.end(), [](const auto& table) {
    return table.type == "msdos" && table.partitions.size() == 1 &&
           table.partitions[0].extent.offset == ByteOffset(63 * 512);
  }));
}

TEST_CASE("A guest with a half-installed package and a folder inside itself is described all the same") {
  NEED_APPLIANCE();
  GuestImages images;
  const auto facts = inspect({images.serve(images.sick_guest("sick"))});
  REQUIRE(facts.systems.size() == 1);
  CHECK(facts.systems[0].distro == "debian");
  REQUIRE(facts.systems[0].packages.size() == 1);
  CHECK(facts.systems[0].packages[0].version == "1.0-1");
  CHECK(std::any_of(facts.problems.begin(), facts.problems.end(),
                    [](const auto& problem) { return problem.subject == "package halved"; }));
  CHECK_FALSE(facts.elidable.at(0).empty());
}

TEST_CASE("Where files lie is told, whatever their names") {
  NEED_APPLIANCE();
  const auto& disks = small_disks();
  std::size_t found = 0;
  for (const auto& file : disks.files) {
    if (file.filesystem != "/dev/sda" || file.path != "srv/not\xff\nutf8")
      continue;
    ++found;
    REQUIRE(file.pieces.size() == 1);
    const auto image = base::File::open(disks.paths.at("clean"), O_RDONLY);
    std::vector<std::byte> bytes(5000);
    image.read_exact(file.pieces[0].on_disk.offset, bytes);
    CHECK(std::all_of(bytes.begin(), bytes.end(), [](std::byte byte) { return byte == std::byte{'y'}; }));
  }
  CHECK(found == 1);
}

TEST_CASE("Looking into disks changes none of their bytes") {
  NEED_APPLIANCE();
  const auto& disks = small_disks();
  for (const auto& [name, path] : disks.paths) {
    CAPTURE(name);
    CHECK(sha256_of(path) == disks.hashes.at(name));
  }
}

TEST_CASE("A guest that runs, frozen or not, is carried whole") {
  NEED_APPLIANCE();
  GuestImages images;
  const auto facts = inspect({images.serve(images.ext4("running"))}, true);
  CHECK(facts.elidable.at(0).empty());
  REQUIRE(facts.filesystems.size() == 1);
  CHECK(facts.filesystems[0].state == FilesystemState::in_use);
}
