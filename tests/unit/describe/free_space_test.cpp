#include <fstream>
#include <sstream>

#include <doctest/doctest.h>

#include "base/error.hpp"
#include "describe/ext_report.hpp"
#include "describe/splitting.hpp"
#include "describe/xfs_report.hpp"

using namespace jaunt;
using namespace jaunt::describe;
using base::ByteCount;
using base::ByteOffset;
using base::Error;
using model::FilesystemState;

namespace {

// Reports of real filesystems, which the fuzzers start from too.
std::string corpus(const std::string& name) {
  std::ifstream file(std::string(JAUNT_CORPUS) + "/" + name, std::ios::binary);
  REQUIRE(file.good());
  std::stringstream text;
  text << file.rdbuf();
  return text.str();
}

std::string replaced(std::string text, const std::string& from, const std::string& to) {
  const auto at = text.find(from);
  REQUIRE(at != std::string::npos);
  return text.replace(at, from.size(), to);
}

FreeSpace judge_ext(const std::string& report, const std::string& journal = {}) {
  ExtReportReader reader;
  for (const auto line : lines(report))
    reader.line(line);
  return reader.finish(journal);
}

const std::string kJournal =
    "Level Entries       Logical        Physical Length Flags\n"
    " 0/ 0   1/  1     0 -  4095  90113 -  94208   4096 \n";

struct Xfs {
  std::string superblock = corpus("fuzz_xfs_report/superblock");
  std::string groups = corpus("fuzz_xfs_report/groups");
  std::string list = corpus("fuzz_xfs_report/free");

  model::ExtentSet free() const {
    const auto parsed = XfsSuperblock::parse(superblock);
    const auto headers = parse_xfs_groups(groups, parsed);
    XfsFreeReader reader(parsed, headers);
    for (const auto line : lines(list))
      reader.line(line);
    return reader.finish();
  }
};

}  // namespace

TEST_CASE("A clean ext4's free space is exactly what its groups list") {
  const auto space = judge_ext(corpus("fuzz_ext_report/clean"));
  CHECK(space.state == FilesystemState::clean);
  CHECK(space.size == ByteCount(200 * base::kMiB));
  CHECK(space.elidable.total() == ByteCount(185958 * 1024));
  CHECK(space.elidable.covers({ByteOffset(9084 * 1024), ByteCount((16384 - 9084 + 1) * 1024)}));
  CHECK_FALSE(space.elidable.contains(ByteOffset(9083 * 1024)));
}

TEST_CASE("The inside of a closed journal may go, its first block may not") {
  const auto space = judge_ext(corpus("fuzz_ext_report/clean"), kJournal);
  CHECK(space.elidable.total() == ByteCount((185958 + 4095) * 1024));
  CHECK_FALSE(space.elidable.contains(ByteOffset(90113 * 1024)));
  CHECK(space.elidable.covers({ByteOffset(90114 * 1024), ByteCount(4095 * 1024)}));
}

TEST_CASE("A journal whose extents are not exactly it is carried") {
  const auto whole = judge_ext(corpus("fuzz_ext_report/clean")).elidable.total();
  for (const auto& [from, to] :
       {std::pair{"90113 -  94208", "9084 -  13179"}, std::pair{"4096 \n", "4096 Uninit\n"},
        std::pair{"0 -  4095", "1 -  4096"}, std::pair{"4095  90113 -  94208", "4094  90113 -  94207"}})
    CHECK(judge_ext(corpus("fuzz_ext_report/clean"), replaced(kJournal, from, to)).elidable.total() == whole);
  const auto other = replaced(corpus("fuzz_ext_report/clean"), "Journal features:         (none)",
                              "Journal features:         FEATURE_I9");
  CHECK(judge_ext(other, kJournal).elidable.total() == whole);
}

TEST_CASE("An ext4 that is not cleanly closed gives nothing and says why") {
  const auto report = corpus("fuzz_ext_report/clean");
  const auto dirty = [&](const std::string& from, const std::string& to) {
    const auto space = judge_ext(replaced(report, from, to), kJournal);
    CHECK(space.state == FilesystemState::dirty);
    CHECK(space.elidable.empty());
    CHECK(space.reason != "");
  };
  dirty("Filesystem state:         clean", "Filesystem state:         not clean");
  dirty("Filesystem state:         clean", "Filesystem state:         clean with errors");
  dirty("has_journal", "has_journal needs_recovery");
  dirty("has_journal", "has_journal orphan_file orphan_present");
  dirty("Journal inode:            8", "First orphan inode:       12\nJournal inode:            8");
  dirty("Journal start:            0", "Journal start:            1");
  dirty("Journal start:            0", "Journal superblock magic number invalid!");
  dirty("Checksum type:", "FS Error count:           1\nChecksum type:");
}

TEST_CASE("An ext4 with a feature nobody here knows gives nothing") {
  for (const char* feature : {"FEATURE_I31", "bigalloc", "shared_blocks", "journal_dev", "mmp"}) {
    const auto space = judge_ext(
        replaced(corpus("fuzz_ext_report/clean"), "has_journal", std::string("has_journal ") + feature), kJournal);
    CHECK(space.state == FilesystemState::unknown);
    CHECK(space.elidable.empty());
  }
}

TEST_CASE("An ext4 report that contradicts itself is refused") {
  const auto report = corpus("fuzz_ext_report/clean");
  const auto refused = [&](const std::string& from, const std::string& to) {
    CHECK_THROWS_AS(judge_ext(replaced(report, from, to)), Error);
  };
  refused("Free blocks: 9084-16384", "Free blocks: 9083-16384");                    // one more than counted
  refused("Free blocks: 9084-16384", "Free blocks: 9084-16385");                    // beyond its group
  refused("Free blocks: 9084-16384", "Free blocks: 9100-16384, 9084-9099");         // out of order
  refused("Free blocks:              185958", "Free blocks:              185957");  // sum
  refused("Inode table at 292-803", "Inode table at 9084-9595");                    // own records listed as free
  refused("Group 1: (Blocks 8193", "Group 1: (Blocks 8194");                        // a gap
  refused("Block count:              204800", "Block count:              204801");
  refused("Block size:               1024", "Block size:               512");
  // A label with line ends that plays a field.
  refused("Filesystem volume name:   <none>", "Filesystem volume name:   x\nFilesystem state: clean");
  CHECK_THROWS_AS(judge_ext(report.substr(0, report.size() / 2)), Error);
}

TEST_CASE("A clean XFS's free space leaves out what is kept aside for its trees") {
  const Xfs xfs;
  const auto free = xfs.free();
  CHECK(free.total() == ByteCount((85984 - 16) * 4096));
  CHECK_FALSE(free.contains(ByteOffset(6 * 4096)));
  CHECK(free.covers({ByteOffset(10 * 4096), ByteCount(6 * 4096)}));
  CHECK(XfsSuperblock::parse(xfs.superblock).strangeness == "");
}

TEST_CASE("An XFS whose lists and counts disagree is refused") {
  const auto refused = [](auto change) {
    Xfs xfs;
    change(xfs);
    CHECK_THROWS_AS(xfs.free(), Error);
  };
  refused([](Xfs& x) { x.list = replaced(x.list, "24    25576", "23    25577"); });
  refused([](Xfs& x) { x.list = replaced(x.list, "24    25576", "25    25576"); });  // beyond its group
  refused([](Xfs& x) { x.list = replaced(x.list, "       0       10        6\n", ""); });
  refused([](Xfs& x) { x.list = replaced(x.list, "10        6", "24        6"); });  // twice
  refused([](Xfs& x) { x.groups = replaced(x.groups, "(correct)", "(bad)"); });
  refused([](Xfs& x) { x.groups = x.groups.substr(0, x.groups.size() / 2); });
  refused([](Xfs& x) { x.superblock = replaced(x.superblock, "agcount = 4", "agcount = 5"); });
}

TEST_CASE("Unlinked inodes, a log that is not clean and unknown features of an XFS are seen") {
  Xfs xfs;
  const auto superblock = XfsSuperblock::parse(xfs.superblock);
  CHECK_FALSE(parse_xfs_groups(xfs.groups, superblock)[0].unlinked);
  const auto orphaned = replaced(xfs.groups, "unlinked[0-63] = ", "unlinked[0-63] = 3:131 ");
  CHECK(parse_xfs_groups(orphaned, superblock)[0].unlinked);
  CHECK(xfs_log_clean("    log tail: 2 head: 2 state: <CLEAN>\n") == true);
  CHECK(xfs_log_clean("    log tail: 2 head: 34 state: <DIRTY>\n") == false);
  CHECK_FALSE(xfs_log_clean("nothing\n").has_value());
  for (const auto& [from, to] :
       {std::pair{"features_incompat = 0xb", "features_incompat = 0x4b"},
        std::pair{"features_incompat = 0xb", "features_incompat = 0x1b"},  // needs repair
        std::pair{"features_ro_compat = 0xd", "features_ro_compat = 0x1d"}, std::pair{"rblocks = 0", "rblocks = 9"},
        std::pair{"logstart = 65542", "logstart = 0"}})
    CHECK(XfsSuperblock::parse(replaced(xfs.superblock, from, to)).strangeness != "");
}
