// jaunt teleport of domains that run, start or stop: what arrives is of one instant, and no backup outlives its
// teleport.
#include <algorithm>

#include <fcntl.h>
#include <signal.h>
#include <sys/stat.h>

#include "integration/two_hosts.hpp"
#include "support/skip.hpp"
#include "support/teleport_scene.hpp"

using namespace jaunt;
using namespace jaunt::hypervisor;
using namespace jaunt::test_support;
using namespace std::chrono_literals;

namespace {

bool empty(const fs::path& folder) {
  return !fs::exists(folder) || fs::is_empty(folder);
}

// A domain whose disk has so many blocks that the destination does not have.
struct Machine : Hosts {
  fs::path here = folder.path() / "here";
  std::string file;
  TestDomain domain;

  explicit Machine(std::size_t of_nobody = 100, const std::string& more_devices = "")
      : file(disk("web.raw", numbered(1, 1000) + numbered(20'000, of_nobody))),
        domain("teleport", disks, disk_xml(file, "raw", "vda") + more_devices) {
    fs::create_directory(here);
    known("base.raw", numbered(1, 1000));
    domain.define();
  }

  std::vector<std::string> words() const {
    return {"teleport", "--json", "--no-define", "--to", here.string(), domain.name() + "@home:" + source.string()};
  }
  base::Captured teleport() const { return jaunt(words()); }
  bool backup_runs() const {
    return run_program({"virsh", "-q", "-c", test_uri(), "backup-dumpxml", domain.name()}).status.success();
  }
  std::string kept_job() const { return lines_of(jaunt({"job", "list", "--json"}).out).at(0)["id"]; }
  void nothing_left_at_work() const {
    CHECK_FALSE(backup_runs());
    CHECK(empty(source / "jobs"));
    CHECK(empty(destination / "jobs"));
    CHECK(empty(scratch));
  }
};

// A teleport whose output is kept, and that can be held still.
class UnderWay {
 public:
  explicit UnderWay(const Machine& machine) : machine_(machine) {
    const auto out = base::File::open(output(), O_WRONLY | O_CREAT | O_TRUNC);
    child_.emplace(
        base::Child::start(machine.command(machine.words()), {.in = -1, .out = out.fd(), .err = out.fd()}));
  }
  template <typename Condition>
  void wait_until(Condition&& condition) {
    for (int i = 0; i < 60'000 && !condition() && !child_->poll(); ++i)
      std::this_thread::sleep_for(2ms);
    INFO(text());
    REQUIRE(condition());
  }
  void wait_for_backup() {
    wait_until([this] { return machine_.backup_runs(); });
  }
  // Stops it while it builds, when a part is placed and much is to come.
  void hold() {
    wait_until([this] { return placed() > 8 * base::kMiB; });
    signal(SIGSTOP);
    INFO(text());
    REQUIRE(placed() < 64 * base::kMiB);
  }
  void signal(int number) const { ::kill(child_->pid(), number); }
  base::Captured finish() {
    const auto status = child_->wait_for(5min);
    REQUIRE(status);
    return {.status = *status, .out = text(), .err = {}};
  }

 private:
  // Bytes in the hidden file.
  std::uint64_t placed() const {
    std::uint64_t blocks = 0;
    for (const auto& entry : fs::directory_iterator(machine_.here)) {
      struct stat status {};
      if (entry.path().filename().string().front() == '.' && ::stat(entry.path().c_str(), &status) == 0)
        blocks += static_cast<std::uint64_t>(status.st_blocks);
    }
    return blocks * 512;
  }
  fs::path output() const { return machine_.folder.path() / "output"; }
  std::string text() const { return content(output()); }

  const Machine& machine_;
  std::optional<base::Child> child_;
};

constexpr std::size_t kManyBlocks = 24'000;  // that take some seconds

}  // namespace

TEST_CASE("A domain that writes while it is teleported arrives as of one instant, all its disks of the same") {
  const Hosts other;
  const std::string data = other.disks / "vdb.qcow2";
  must_run({"qemu-img", "convert", "-f", "raw", "-O", "qcow2", other.disk("vdb.raw", numbered(9000, 300)), data});
  const std::string fixed = other.disk("vdc.raw", numbered(300, 50));
  Machine machine(100, disk_xml(data, "qcow2", "vdb") + disk_xml(fixed, "raw", "vdc", "<readonly/>"));
  machine.allowed.push_back(other.disks.path().string());
  machine.domain.start();
  const std::string before = content(machine.file);
  const std::string data_before = content(other.disks / "vdb.raw");

  UnderWay teleport(machine);
  teleport.wait_for_backup();
  machine.domain.guest_writes(0, 9, "4096000 64k");
  machine.domain.guest_writes(1, 9, "0 64k");
  const Json summary = summary_of(teleport.finish());
  REQUIRE(summary["disks"].size() == 3);
  CHECK(content(summary["disks"][0]["path"].get<std::string>()) == before);
  CHECK(content(summary["disks"][1]["path"].get<std::string>()) == data_before);
  CHECK(content(summary["disks"][2]["path"].get<std::string>()) == content(fixed));
  CHECK(content(machine.file) != before);
  CHECK(summary["instant"]["frozen"] == false);
  CHECK(summary["instant"]["consistency"].get<std::string>().find("as after a loss of power") == 0);
  CHECK(summary["bytes_by_source"]["base"] == 1050 * kBlock);
  machine.nothing_left_at_work();
}

TEST_CASE("A domain that runs becomes a domain here, which starts") {
  const Machine machine;
  machine.domain.get().start();
  const std::string name = machine.domain.name() + "-copy";
  const base::Captured done =
      machine.jaunt({"teleport", "--json", "--as", name, "--start", "--to", (machine.disks.path()).string(),
                     machine.domain.name() + "@home:" + machine.source.string()});
  const bool active = run_program({"virsh", "-q", "-c", test_uri(), "domstate", name}).out.starts_with("running");
  run_program({"virsh", "-q", "-c", test_uri(), "destroy", name});
  run_program({"virsh", "-q", "-c", test_uri(), "undefine", name});
  CHECK(summary_of(done)["domain"]["started"] == true);
  CHECK(active);
  machine.nothing_left_at_work();
}

TEST_CASE("Ctrl-C during a running domain's teleport ends the backup") {
  const Machine machine(kManyBlocks);
  machine.domain.get().start();
  UnderWay teleport(machine);
  teleport.hold();
  CHECK(machine.backup_runs());
  teleport.signal(SIGINT);
  teleport.signal(SIGCONT);
  CHECK(teleport.finish().status.code == 16);
  CHECK_FALSE(machine.backup_runs());
  CHECK(empty(machine.scratch));
  CHECK(empty(machine.source / "jobs"));
  CHECK(machine.jaunt({"job", "cancel", machine.kept_job()}).status.code == 0);
  CHECK(empty(machine.here));
}

TEST_CASE("After a kill the next attempt ends the backup that was left, and keeps what fits its own instant") {
  const Machine machine(kManyBlocks);
  machine.domain.get().start();
  base::Command killed = machine.command(machine.words());
  killed.environment.emplace_back("JAUNT_KILL_AT=tile proved:40");
  REQUIRE(base::run(killed, 5min, base::ByteCount(base::kMiB)).status.signal == SIGKILL);
  CHECK(machine.backup_runs());
  machine.domain.guest_writes(0, 9, "4096000 64k");  // the first tile
  const base::Captured resumed = machine.jaunt({"job", "resume", "--json", machine.kept_job()});
  const Json summary = summary_of(resumed);
  CHECK(content(summary["disks"][0]["path"].get<std::string>()) == content(machine.file));
  CHECK(summary["kept_bytes"].get<std::uint64_t>() > 20 * base::kMiB);
  const auto lines = lines_of(resumed.out);
  CHECK(std::ranges::count_if(lines, [](const Json& line) {
          return line.value("note", "").find("it runs: its disks are of one instant") == 0;
        }) == 1);
  machine.nothing_left_at_work();
}

TEST_CASE("Disks that were proved are shown, whatever the domain wrote since") {
  const Machine machine;
  machine.domain.get().start();
  const std::string before = content(machine.file);
  const std::string name = machine.domain.name() + "-copy";
  base::Command killed = machine.command({"teleport", "--json", "--as", name, "--to", machine.here.string(),
                                          machine.domain.name() + "@home:" + machine.source.string()});
  killed.environment.push_back("JAUNT_KILL_AT=domain named:1");
  REQUIRE(base::run(killed, 5min, base::ByteCount(base::kMiB)).status.signal == SIGKILL);
  machine.domain.guest_writes(0, 9, "4096000 64k");
  const base::Captured resumed = machine.jaunt({"job", "resume", "--json", machine.kept_job()});
  const bool defined = run_program({"virsh", "-q", "-c", test_uri(), "undefine", name}).status.success();
  const Json summary = summary_of(resumed);
  CHECK(defined);
  CHECK(content(summary["disks"][0]["path"].get<std::string>()) == before);
  CHECK_FALSE(summary.contains("instant"));
  machine.nothing_left_at_work();
}

TEST_CASE("A domain that is started while its disk is read is read again as of one instant, and never torn") {
  const Machine machine(kManyBlocks);
  const std::string still = content(machine.file);
  const std::size_t last = still.size() - kBlock;
  UnderWay teleport(machine);
  teleport.hold();
  machine.domain.get().start();
  machine.domain.guest_writes(0, 9, "0 4k");
  machine.domain.guest_writes(0, 9, fmt::format("{} 4k", last));
  teleport.signal(SIGCONT);
  const base::Captured done = teleport.finish();
  const Json summary = summary_of(done);
  CHECK(done.out.find("it was started while they were read") != std::string::npos);
  CHECK(summary["instant"]["frozen"] == false);
  CHECK(content(summary["disks"][0]["path"].get<std::string>()) == content(machine.file));
  CHECK(summary["kept_bytes"].get<std::uint64_t>() > 0);
  machine.nothing_left_at_work();
}

TEST_CASE("A domain that is shut off while it is teleported is read again as it lies") {
  const Machine machine(kManyBlocks);
  machine.domain.get().start();
  UnderWay teleport(machine);
  teleport.hold();
  machine.domain.guest_writes(0, 9, "0 4k");
  virsh({"destroy", machine.domain.name()});
  teleport.signal(SIGCONT);
  const Json summary = summary_of(teleport.finish());
  CHECK_FALSE(summary.contains("instant"));
  CHECK(content(summary["disks"][0]["path"].get<std::string>()) == content(machine.file));
  machine.nothing_left_at_work();
}

TEST_CASE("When the scratch files grow too large the backup is given up, and the guest goes on") {
  Machine machine(kManyBlocks);
  machine.more_environment.emplace_back("JAUNT_SCRATCH_LIMIT=8MiB");
  machine.domain.start();
  UnderWay teleport(machine);
  teleport.hold();
  machine.domain.guest_writes(0, 9, "0 32M");
  teleport.signal(SIGCONT);
  const base::Captured failed = teleport.finish();
  INFO(failed.out);
  CHECK(failed.status.code == 15);
  CHECK(error_of(failed)["cause"].get<std::string>().find("more than the limit of 8") != std::string::npos);
  CHECK_FALSE(machine.backup_runs());
  CHECK(empty(machine.scratch));
  machine.domain.guest_writes(0, 10, "0 32M");
  CHECK(virsh({"domstate", machine.domain.name()}).starts_with("running"));

  machine.more_environment.pop_back();
  const Json summary = summary_of(machine.jaunt({"job", "resume", "--json", machine.kept_job()}));
  CHECK(content(summary["disks"][0]["path"].get<std::string>()) == content(machine.file));
  machine.nothing_left_at_work();
}

TEST_CASE("Another tool's backup is busy, and stays") {
  const Machine machine;
  machine.domain.get().start();
  const fs::path theirs = machine.disks / "theirs";  // QEMU listens there
  fs::create_directory(theirs);
  fs::permissions(theirs, fs::perms::all);
  const std::string request = machine.disks / "backup.xml";
  base::write_text_file(request, fmt::format("<domainbackup mode='pull'><server transport='unix' socket='{}'/><disks>"
                                             "<disk name='vda' backup='yes' type='file'><scratch file='{}'/></disk>"
                                             "</disks></domainbackup>",
                                             (theirs / "socket").string(), (theirs / "scratch").string()));
  virsh({"backup-begin", machine.domain.name(), request});
  const base::Captured busy = machine.teleport();
  CHECK(busy.status.code == 11);
  CHECK(error_of(busy)["cause"].get<std::string>().find("a backup by another tool") != std::string::npos);
  CHECK(machine.backup_runs());
  CHECK(empty(machine.here));
  virsh({"domjobabort", machine.domain.name()});
  machine.nothing_left_at_work();
}

TEST_CASE("A guest with an agent is frozen for the instant, and its teleport says so") {
  Hosts hosts;
  const auto made = run_program({JAUNT_AGENT_GUEST, hosts.disks.path().string()});
  JAUNT_SKIP_UNLESS(made.status.code != 77, made.err);
  REQUIRE_MESSAGE(made.status.success(), made.err);
  TestDomain domain("agent", hosts.disks,
                    disk_xml(hosts.disks / "ext4.raw", "raw", "vda") +
                        "<channel type='unix'><target type='virtio' name='org.qemu.guest_agent.0'/></channel>",
                    fmt::format("<type arch='x86_64' machine='q35'>hvm</type><kernel>{}</kernel><initrd>{}</initrd>"
                                "<cmdline>quiet</cmdline>",
                                hosts.disks / "kernel", hosts.disks / "initrd"),
                    256);
  domain.create();
  for (int i = 0; i < 600 && !parse_domain(domain.get().xml()).agent_connected; ++i)
    std::this_thread::sleep_for(200ms);
  const base::Captured done = hosts.jaunt({"teleport", "--json", "--no-define", "--to", hosts.images.string(),
                                           domain.name() + "@home:" + hosts.source.string()});
  const Json summary = summary_of(done);
  CHECK(summary["instant"]["frozen"] == true);
  CHECK(summary["instant"]["consistency"] == "the guest's filesystems were frozen for the instant");
  CHECK(done.out.find("frozen for the instant") < done.out.find("\"summary\""));
  // A frozen filesystem needs no recovery.
  CHECK(run_program({"e2fsck", "-n", "-f", summary["disks"][0]["path"]}).status.success());
}

TEST_CASE("A network that has another name here is used by that, and is no obstacle") {
  Machine machine(100, "<interface type='bridge'><source bridge='jaunt-nobr'/></interface>");
  const std::string name = machine.domain.name() + "-copy";
  const std::vector<std::string> words{"teleport",
                                       "--json",
                                       "--as",
                                       name,
                                       "--to",
                                       machine.disks.path().string(),
                                       machine.domain.name() + "@home:" + machine.source.string()};
  const base::Captured refused = machine.jaunt(words);
  CHECK(error_of(refused)["remedy"].get<std::string>().find("machine.networks") != std::string::npos);
  JAUNT_SKIP_UNLESS(virsh({"net-list", "--name"}).find("default") != std::string::npos, "no network default here");
  machine.more_environment.emplace_back("JAUNT_MACHINE_NETWORKS=bridge:jaunt-nobr=network:default");
  const base::Captured done = machine.jaunt(words);
  std::vector<model::NetworkInterface> interfaces;
  if (const auto copy = Connection::open(test_uri()).find(name)) {
    interfaces = copy->hardware().interfaces;
    copy->undefine();
  }
  summary_of(done);
  REQUIRE(interfaces.size() == 1);
  CHECK(interfaces[0].kind == "network");
  CHECK(interfaces[0].source == "default");
}
