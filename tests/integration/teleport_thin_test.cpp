// jaunt teleport of thin targets: qcow2 files that hold only what their base does not.
#include <fcntl.h>
#include <signal.h>

#include "integration/two_hosts.hpp"
#include "support/skip.hpp"
#include "support/teleport_scene.hpp"

using namespace jaunt;
using namespace jaunt::hypervisor;
using namespace jaunt::test_support;

namespace {

// An image at the source, and a golden one at the destination that has most of it where it is; of a part of that the
// wanted one has zeros. The source is made once, so that its node looks into the image once.
struct Thin {
  static const Hosts& hosts() {
    static const Hosts hosts;
    return hosts;
  }

  const Hosts& around = hosts();
  const ImageFolder& disks = around.disks;
  fs::path source = around.source;
  fs::path here = disks.path() / "here";
  fs::path golden = disks.path() / "golden.raw";
  fs::path wanted = around.images / "wanted.raw";

  Thin() {
    fs::create_directory(here);
    fs::permissions(here, fs::perms(0711));
    image_of(golden, numbered(1, 1000));
    if (!fs::exists(wanted))
      image_of(wanted, numbered(1, 600) + numbered(9000, 40) + Blocks(160) + numbered(801, 100) + Blocks(300));
  }
  // The destination knows nothing any more.
  ~Thin() {
    for (const fs::path& folder : {around.destination, disks.path()})
      for (const auto& entry : fs::directory_iterator(folder))
        fs::remove_all(entry);
  }
  Thin(const Thin&) = delete;
  Thin& operator=(const Thin&) = delete;

  base::Command command(std::vector<std::string> words) const { return around.command(std::move(words)); }
  base::Captured jaunt(std::vector<std::string> words) const { return around.jaunt(std::move(words)); }
  void knows(const fs::path& image, const std::string& format) const { catalogue(around.destination, image, format); }

  std::vector<std::string> words(std::vector<std::string> options) const {
    options.insert(options.begin(),
                   {"teleport", "--json", "--format", "raw", "--rate", "1Mbit", "--to", target().string()});
    options.push_back(wanted.string() + "@home:" + source.string());
    return options;
  }
  base::Captured teleport(std::vector<std::string> options) const { return jaunt(words(std::move(options))); }
  base::Captured killed_at(const std::string& point, std::vector<std::string> options) const {
    base::Command killed = command(words(std::move(options)));
    killed.environment.push_back("JAUNT_KILL_AT=" + point);
    return base::run(killed, std::chrono::minutes(5), base::ByteCount(base::kMiB));
  }
  Json resume() const {
    const std::string id = Json::parse(jaunt({"job", "list", "--json"}).out)["id"];
    return summary_of(jaunt({"job", "resume", "--json", id}));
  }
  fs::path target() const { return here / "wanted.qcow2"; }

  // Through the header of the finished file, as QEMU will.
  void expect_right() const {
    const auto compared = run_program({"qemu-img", "compare", "-f", "qcow2", "-F", "raw", target(), wanted});
    INFO(compared.out << compared.err);
    CHECK(compared.status.success());
  }
  Json header() const {
    return Json::parse(must_run({"qemu-img", "info", "--output=json", "-f", "qcow2", target()}));
  }
  std::uint64_t stored() const { return header()["actual-size"]; }
  Json doctor() const {
    const Json said = Json::parse(jaunt({"doctor", "--json"}).out);
    for (const Json& check : said["checks"])
      if (check["name"] == "thin")
        return check;
    return {};
  }
  Json layer(const fs::path& path) const {
    const Json said = Json::parse(jaunt({"catalog", "list", "--json"}).out);
    for (const Json& layer : said["layers"])
      if (layer["path"] == path.string())
        return layer;
    return {};
  }
};

bool writable(const fs::path& path) {
  return (fs::status(path).permissions() &
          (fs::perms::owner_write | fs::perms::group_write | fs::perms::others_write)) != fs::perms::none;
}

// As root, whom a mode does not keep from it.
void overwrite(const fs::path& path, std::uint64_t at, const std::string& bytes) {
  base::File::open(path, O_WRONLY).write_all(base::ByteOffset(at), base::as_bytes(bytes));
}

std::string refusal(const base::Captured& result) {
  CHECK(result.status.code == 13);
  return error_of(result)["cause"];
}

}  // namespace

TEST_CASE("A thin target on a layer that nobody writes refers to what that has, and the layer becomes read-only") {
  const Thin thin;
  thin.knows(thin.golden, "raw");
  const Json disk = summary_of(thin.teleport({"--thin-on-layer"}))["disks"][0];
  thin.expect_right();
  CHECK(disk["stands_on"] == Json::array({thin.golden.string()}));
  CHECK(disk["referenced_bytes"].get<std::uint64_t>() > 650 * kBlock);
  CHECK(thin.stored() < 200 * kBlock);
  CHECK(thin.header()["backing-filename"] == thin.golden.string());
  CHECK(thin.header()["backing-filename-format"] == "raw");
  CHECK(!writable(thin.golden));
  CHECK(thin.layer(thin.golden)["carries"] == Json::array({thin.target().string()}));
  CHECK(thin.layer(thin.target())["state"] == "known");
  CHECK(thin.doctor()["verdict"] == "ok");

  fs::permissions(thin.golden, fs::perms::owner_write, fs::perm_options::add);
  CHECK(thin.doctor()["verdict"] == "warning");
  overwrite(thin.golden, 0, "other");
  CHECK(thin.doctor()["verdict"] == "broken");
  fs::remove(thin.golden);
  CHECK(thin.doctor()["verdict"] == "broken");
  fs::remove(thin.target());
  CHECK(thin.doctor().is_null());
}

TEST_CASE("A thin target stands on what jaunt owns, else it is refused before anything is made") {
  const Thin thin;
  thin.knows(thin.golden, "raw");
  CHECK(refusal(thin.teleport({"--thin"})).find("does not own it") != std::string::npos);
  CHECK(fs::is_empty(thin.here));
  CHECK(writable(thin.golden));

  CHECK(thin.jaunt({"catalog", "own", "--format", "raw", thin.golden}).status.code == 0);
  CHECK(!writable(thin.golden));
  thin.knows(thin.golden, "raw");
  const Json disk = summary_of(thin.teleport({"--thin"}))["disks"][0];
  thin.expect_right();
  CHECK(disk["stands_on"] == Json::array({thin.golden.string()}));
  CHECK(thin.layer(thin.golden)["owned"] == true);
}

TEST_CASE("A thin target never stands on a disk that a domain may write to, only on what lies below it") {
  const Thin thin;
  const std::string top = thin.disks / "top.qcow2";
  must_run({"qemu-img", "create", "-q", "-f", "qcow2", "-F", "raw", "-b", thin.golden, top});
  must_run({"qemu-io", "-f", "qcow2", "-c", "write -P 3 2400k 40k", top});
  TestDomain domain("thin", thin.disks, disk_xml(top, "qcow2", "vda"));
  domain.define();
  thin.knows(top, "qcow2");
  const Json disk = summary_of(thin.teleport({"--thin-on-layer"}))["disks"][0];
  thin.expect_right();
  CHECK(disk["base"].get<std::string>().find("top.qcow2") != std::string::npos);
  CHECK(disk["stands_on"] == Json::array({thin.golden.string()}));
  CHECK(writable(top));

  fs::remove(thin.target());
  TestDomain other("thin-golden", thin.disks, disk_xml(thin.golden, "raw", "vda"));
  other.define();
  thin.knows(thin.golden, "raw");
  CHECK(refusal(thin.teleport({"--thin-on-layer"})).find(other.name()) != std::string::npos);
  CHECK(thin.jaunt({"catalog", "own", "--format", "raw", thin.golden}).status.code == 13);
}

TEST_CASE(
    "A layer that somebody has open for writing, or whose header leaves its backing's format open, carries nothing") {
  const Thin thin;
  thin.knows(thin.golden, "raw");
  {
    const auto writer = base::File::open(thin.golden, O_RDWR);
    CHECK(refusal(thin.teleport({"--thin-on-layer"})).find("writing to it") != std::string::npos);
  }
  const std::string open_format = thin.disks / "open.qcow2";
  must_run({"qemu-img", "create", "-q", "-f", "qcow2", "-F", "raw", "-b", thin.golden, open_format});
  std::string bytes =
      content(open_format);  // the header extension that names the format becomes one that nobody knows
  const std::size_t at = bytes.find(std::string("\xe2\x79\x2a\xca", 4));
  REQUIRE(at != bytes.npos);
  overwrite(open_format, at, std::string("\x01\x02\x03\x04", 4));
  CHECK(thin.jaunt({"catalog", "own", open_format}).status.code != 0);
  CHECK(writable(open_format));
}

TEST_CASE("Killed anywhere, a thin teleport goes on to the right disk, also where the base was changed or is gone") {
  for (const std::string point :
       {"target named:1", "tile placed:2", "tile proved:2", "target proved:1", "targets visible:1"})
    for (const std::string change : {"nothing", "written", "replaced", "removed"}) {
      if (change != "nothing" && point == "targets visible:1")
        continue;  // then it is whole already
      CAPTURE(point);
      CAPTURE(change);
      const Thin thin;
      thin.knows(thin.golden, "raw");
      REQUIRE(thin.killed_at(point, {"--thin-on-layer"}).status.signal == SIGKILL);
      if (change == "written")
        overwrite(thin.golden, 100 * kBlock, std::string(500 * kBlock, 'x'));
      else if (change != "nothing")
        fs::remove(thin.golden);
      if (change == "replaced")
        image_of(thin.golden, numbered(50000, 1000));
      thin.resume();
      thin.expect_right();
      CHECK(!writable(thin.golden) == (change == "nothing"));
      CHECK(thin.header().contains("backing-filename") == (change == "nothing"));
    }
}

TEST_CASE("A domain arrives with a thin disk, and libvirt runs it") {
  const Thin thin;
  thin.knows(thin.golden, "raw");
  const std::string original = thin.disks / "original.raw";
  fs::copy_file(thin.wanted, original);
  TestDomain domain("thin-source", thin.disks, disk_xml(original, "raw", "vda"));
  domain.define();
  const std::string copy = domain.name() + "-copy";
  const Json summary =
      summary_of(thin.jaunt({"teleport", "--json", "--rate", "1Mbit", "--thin-on-layer", "--start", "--as", copy,
                             "--to", thin.here, domain.name() + "@home:" + thin.source.string()}));
  CHECK(summary["domain"]["started"] == true);
  CHECK(summary["disks"][0]["stands_on"] == Json::array({thin.golden.string()}));
  virsh({"destroy", copy});
  virsh({"undefine", copy});
  CHECK(run_program({"qemu-img", "compare", "-f", "qcow2", "-F", "raw", thin.here / (copy + "-vda.qcow2"), original})
            .status.success());
  CHECK(thin.doctor()["verdict"] == "ok");
}

TEST_CASE("A raw target, or two wishes at once, are refused by name") {
  const Thin thin;
  thin.knows(thin.golden, "raw");
  CHECK(thin.teleport({"--thin-on-layer", "--to-format", "raw"}).status.code == 2);
  CHECK(thin.teleport({"--thin", "--flat"}).status.code == 2);
}

TEST_CASE(
    "Where the filesystem makes references, a thin target stands on a copy that costs nothing, and jaunt owns it") {
  const Thin thin;
  const std::string volume = thin.disks / "xfs.img";
  const fs::path mounted = thin.disks.path() / "xfs";
  fs::create_directory(mounted);
  must_run({"truncate", "-s", "400M", volume});
  JAUNT_SKIP_UNLESS(run_program({"mkfs.xfs", "-q", "-m", "reflink=1", volume}).status.success(),
                    "mkfs.xfs makes no XFS");
  JAUNT_SKIP_UNLESS(run_program({"mount", "-o", "loop", volume, mounted}).status.success(),
                    "no XFS can be mounted here");
  struct Mounted {
    fs::path path;
    ~Mounted() { run_program({"umount", path}); }
  } const unmount{mounted};
  const fs::path golden = image_of(mounted / "golden.raw", numbered(1, 1000));
  thin.knows(golden, "raw");
  const auto teleport = [&](const std::string& name) {
    return summary_of(
        thin.jaunt({"teleport", "--json", "--format", "raw", "--rate", "1Mbit", "--thin", "--to", mounted / name,
                    thin.wanted.string() + "@home:" + thin.source.string()}))["disks"][0]["stands_on"];
  };
  const Json base = teleport("one.qcow2");
  REQUIRE(base.size() == 1);
  CHECK(base[0] != golden.string());
  CHECK(!writable(base[0].get<std::string>()));
  CHECK(writable(golden));
  overwrite(golden, 0, std::string(600 * kBlock, 'x'));  // the base goes its own way
  CHECK(run_program({"qemu-img", "compare", "-f", "qcow2", "-F", "raw", mounted / "one.qcow2", thin.wanted})
            .status.success());
  CHECK(teleport("two.qcow2").size() >= 1);
  CHECK(run_program({"qemu-img", "compare", "-f", "qcow2", "-F", "raw", mounted / "two.qcow2", thin.wanted})
            .status.success());
}
