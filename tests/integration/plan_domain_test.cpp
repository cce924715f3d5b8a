// jaunt plan of domains: running ones, several disks, and what this host's libvirt says stands in the way.
#include <algorithm>
#include <ctime>

#include <signal.h>

#include "integration/two_hosts.hpp"

using namespace jaunt;
using namespace jaunt::hypervisor;
using namespace jaunt::test_support;
using namespace std::chrono_literals;

namespace {

bool empty(const fs::path& folder) {
  return !fs::exists(folder) || fs::is_empty(folder);
}

// A server that runs, on a disk of which the destination has 4000 of 4096 blocks.
struct Running : Hosts {
  std::string file = disk("web.raw", numbered(1, 4096));
  TestDomain domain{"plan", disks, disk_xml(file, "raw", "vda")};

  Running() {
    known("base.raw", numbered(1, 4000));
    domain.define().start();
  }
  bool backup_runs() const {
    return run_program({"virsh", "-q", "-c", test_uri(), "backup-dumpxml", domain.name()}).status.success();
  }
  void nothing_left_at_work() const {
    CHECK_FALSE(backup_runs());
    CHECK(empty(source / "jobs"));
    CHECK(empty(destination / "jobs"));
    CHECK(empty(scratch));
    CHECK(virsh({"domstate", domain.name()}).starts_with("running"));
  }
};

const Json* blocker(const Json& plan, const std::string& subject) {
  const auto found = std::ranges::find_if(plan["blockers"], [&](const Json& b) { return b["subject"] == subject; });
  return found == plan["blockers"].end() ? nullptr : &*found;
}

}  // namespace

TEST_CASE("A domain is planned as of one instant while it runs and writes") {
  const Running running;
  running.domain.guest_writes(0, 9, "0 64k");  // 16 equal blocks that the base does not have
  const std::time_t before = std::time(nullptr);
  const Json plan = running.plan_of(running.domain.name(), {"--as", "web2"});
  CHECK(plan["running"] == true);
  CHECK(plan["as_of"] >= before);
  CHECK(plan["as_of"] <= std::time(nullptr));
  CHECK(plan["name"] == "web2");
  CHECK(bytes_from(plan["sources"], "base") == 3984 * kBlock);
  CHECK(bytes_from(plan["sources"], "wire") == 112 * kBlock);
  CHECK(plan["downtime"] > 0);
  CHECK(blocker(plan, "name") == nullptr);
  running.nothing_left_at_work();

  CHECK(running.jaunt({"plan", "--check", plan["id"]}).status.code == 0);
  running.domain.guest_writes(0, 10, "1M 4k");
  const base::Captured changed = running.jaunt({"plan", "--check", plan["id"]});
  CHECK(changed.status.code == 1);
  CHECK(changed.out.find("has changed since") != changed.out.npos);
  running.nothing_left_at_work();
}

TEST_CASE("Ctrl-C during a plan ends the source's backup and keeps no plan") {
  const Running running;
  base::Child child =
      base::Child::start(running.command({"plan", running.domain.name() + "@home:" + running.source.string()}), {});
  for (int i = 0; i < 600 && !running.backup_runs() && !child.poll(); ++i)
    std::this_thread::sleep_for(20ms);
  ::kill(child.pid(), SIGINT);
  const auto ended = child.wait_for(60s);
  REQUIRE(ended.has_value());
  CHECK(ended->code == 130);
  running.nothing_left_at_work();
  CHECK(empty(running.destination / "plans"));
}

TEST_CASE("Each disk of a domain gets a base of its own, and the domain one forecast") {
  const Hosts hosts;
  hosts.known("system.raw", numbered(1, 900));
  hosts.known("data.raw", numbered(20000, 500));
  const std::string system = hosts.disk("vda.raw", numbered(1, 800) + numbered(7000, 24));
  const std::string data = hosts.disks / "vdb.qcow2";
  must_run({"qemu-img", "convert", "-f", "raw", "-O", "qcow2",
            hosts.disk("vdb.raw", numbered(20000, 300) + Blocks(100) + numbered(8000, 8)), data});
  TestDomain domain("disks", hosts.disks, disk_xml(system, "raw", "vda") + disk_xml(data, "qcow2", "vdb"));
  domain.define();
  const Json plan = hosts.plan_of(domain.name());
  CHECK(plan["running"] == false);
  CHECK(plan["downtime"] == 0);
  CHECK(plan["problems"].empty());
  REQUIRE(plan["disks"].size() == 2);
  CHECK(plan["disks"][0]["target"] == "vda");
  CHECK(plan["disks"][0]["base"] == (hosts.images / "system.raw").string());
  CHECK(plan["disks"][1]["target"] == "vdb");
  CHECK(plan["disks"][1]["base"] == (hosts.images / "data.raw").string());
  CHECK(bytes_from(plan["disks"][1]["sources"], "zero") == 100 * kBlock);
  CHECK(bytes_from(plan["sources"], "base") == 1100 * kBlock);
  CHECK(bytes_from(plan["sources"], "wire") == 32 * kBlock);
  CHECK(plan["space"] == 1132 * kBlock);
  for (const char* runs : {"0.runs", "1.runs"})
    CHECK(fs::exists(hosts.destination / "plans" / plan["id"].get<std::string>() / runs));
}

TEST_CASE("A disk that cannot be read is told as a problem, and the others are planned") {
  const Hosts hosts;
  const std::string fine = hosts.disk("vda.raw", numbered(1, 16));
  const std::string gone = hosts.disk("vdb.raw", numbered(1, 16));
  TestDomain domain("partly", hosts.disks, disk_xml(fine, "raw", "vda") + disk_xml(gone, "raw", "vdb"));
  domain.define();
  fs::remove(gone);
  const base::Captured result = hosts.jaunt({"plan", "--json", domain.name() + "@home:" + hosts.source.string()});
  INFO(result.err);
  CHECK(result.status.code == 3);
  const Json plan = Json::parse(result.out);
  CHECK(plan["disks"].size() == 1);
  REQUIRE(plan["problems"].size() == 1);
  CHECK(plan["problems"][0]["subject"] == "vdb");
}

TEST_CASE("What this host's libvirt says stands in the way of a domain is named with the next step") {
  const Hosts hosts;
  const std::string file = hosts.disk("vda.raw", numbered(1, 16));
  TestDomain domain("blocked", hosts.disks,
                    disk_xml(file, "raw", "vda") +
                        "<interface type='network'><source network='jaunt-nowhere'/></interface>"
                        "<interface type='bridge'><source bridge='jaunt-nobr'/></interface>");
  domain.define();
  const Json plan = hosts.plan_of(domain.name());
  for (const auto& [subject, found] : {std::pair("name", domain.name()), {"network", std::string("jaunt-nowhere")}}) {
    const Json* const told = blocker(plan, subject);
    REQUIRE(told != nullptr);
    CHECK((*told)["fatal"] == true);
    CHECK((*told)["found"].get<std::string>().find(found) != std::string::npos);
    CHECK_FALSE((*told)["remedy"].get<std::string>().empty());
  }
  CHECK(plan["blockers"].dump().find("jaunt-nobr") != std::string::npos);
  const Json renamed = hosts.plan_of(domain.name(), {"--as", "another"});
  CHECK(blocker(renamed, "name") == nullptr);
  const base::Captured screen =
      hosts.jaunt({"plan", "--to", "/proc/nowhere", domain.name() + "@home:" + hosts.source.string()});
  CHECK(screen.status.code == 0);
  CHECK(screen.out.find("In the way here") != screen.out.npos);
  CHECK(screen.out.find("--to") != screen.out.npos);
}
