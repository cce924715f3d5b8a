// Hosts that are really broken, as far as one can break one's own.
#include "hypervisor/host.hpp"

#include <cstdlib>

#include <doctest/doctest.h>
#include <sys/mount.h>
#include <unistd.h>

#include "base/file.hpp"
#include "base/process.hpp"
#include "support/skip.hpp"

using namespace jaunt;
using namespace jaunt::hypervisor;
using namespace std::chrono_literals;

namespace {

// Everything but what a test is about is answered beforehand.
HostQuestions quick_questions() {
  HostQuestions questions;
  questions.uri = "test:///default";
  questions.kvm = KvmProbe{.present = true, .usable = true, .why = ""};
  return questions;
}

Check check_of(const HostQuestions& questions, const std::string& name) {
  for (const auto& check : judge(gather_host(questions)))
    if (check.name == name)
      return check;
  FAIL("no check " << name);
  return {};
}

}  // namespace

TEST_CASE("A guest is found to run under emulation and an emulator that fails gives its reason") {
  CHECK(why_no_guest_runs("/usr/bin/qemu-system-x86_64", "tcg").empty());
  CHECK(why_no_guest_runs("/usr/bin/qemu-system-x86_64", "none-such").find("none-such") != std::string::npos);
  CHECK(why_no_guest_runs("/no/such/qemu", "tcg").find("/no/such/qemu") != std::string::npos);
}

TEST_CASE("KVM is called usable only when a guest ran under it, and otherwise the reason is given") {
  const auto probe = probe_kvm("/usr/bin/qemu-system-x86_64");
  MESSAGE("KVM here: present " << probe.present << ", usable " << probe.usable << ", " << probe.why);
  CHECK(probe.usable == probe.why.empty());
  const auto absent = probe_kvm("/usr/bin/qemu-system-x86_64", {}, "/dev/no-such-kvm");
  CHECK_FALSE(absent.present);
  CHECK(absent.why.find("does not exist") != std::string::npos);
}

TEST_CASE("An emulator that hangs under an accelerator is ended and said to hang") {
  const base::TemporaryDirectory folder;
  const auto script = folder.path() / "qemu-system-x86_64";
  base::write_text_file(script, "#!/bin/sh\nexec sleep 60\n", 0755);
  CHECK(why_no_guest_runs(script, "tcg", {}, 300ms) == "a guest hangs under tcg");
}

TEST_CASE("A libvirt whose socket is not there is broken and says how to start it") {
  auto questions = quick_questions();
  questions.uri = "qemu+unix:///system?socket=/no/such/socket";
  const auto check = check_of(questions, "libvirt");
  CHECK(check.verdict == Verdict::broken);
  CHECK_MESSAGE(check.found.find("/no/such/socket") != std::string::npos, check.found);
  CHECK(check.remedy.find("libvirtd") != std::string::npos);
}

TEST_CASE("An appliance kernel that is missing or in no folder is broken") {
  auto questions = quick_questions();
  questions.kernel = "/no/such/vmlinuz-1";
  CHECK(check_of(questions, "appliance").verdict == Verdict::broken);
  ::setenv("SUPERMIN_KERNEL", "/no/such/vmlinuz-2", 1);
  const auto check = check_of(quick_questions(), "appliance");
  ::unsetenv("SUPERMIN_KERNEL");
  CHECK(check.verdict == Verdict::broken);
  CHECK(check.found.find("/no/such/vmlinuz-2") != std::string::npos);
  const base::TemporaryDirectory empty;
  questions = quick_questions();
  questions.boot = empty.path();
  CHECK(check_of(questions, "appliance").remedy.find("linux-image") != std::string::npos);
}

TEST_CASE("A folder on a full disk is broken") {
  const base::TemporaryDirectory folder;
  const auto path = folder.path() / "small";
  std::filesystem::create_directory(path);
  JAUNT_SKIP_UNLESS(::mount("tmpfs", path.c_str(), "tmpfs", 0, "size=1m") == 0, "this user may not mount");
  auto questions = quick_questions();
  questions.folders = {
      {.purpose = "scratch", .path = path / "not-yet-made", .wanted = base::ByteCount(base::kGiB), .for_qemu = true}};
  const auto check = check_of(questions, "scratch");
  ::umount(path.c_str());
  CHECK(check.verdict == Verdict::broken);
  CHECK(check.found.find("only 1.00 MiB free") != std::string::npos);
}

// Run by the case below as another user.
TEST_CASE("As nobody: what this user lacks is named" * doctest::skip()) {
  HostQuestions questions;
  questions.folders = {{.purpose = "home", .path = "/var/lib/jaunt-test", .wanted = {}, .for_qemu = false}};
  const auto checks = judge(gather_host(questions));
  const auto expect = [&](const std::string& name, Verdict verdict, const std::string& remedy) {
    for (const auto& check : checks)
      if (check.name == name) {
        CHECK_MESSAGE(check.verdict == verdict, check.name << ": " << check.found);
        CHECK_MESSAGE(check.remedy.find(remedy) != std::string::npos, check.remedy);
      }
  };
  expect("libvirt", Verdict::broken, "group libvirt");
  expect("kvm", Verdict::warning, "");
  expect("home", Verdict::broken, "run as root");
  expect("rights", Verdict::broken, "adduser nobody libvirt");
}

TEST_CASE("A user without rights is told which are missing") {
  JAUNT_SKIP_UNLESS(::geteuid() == 0 && ::access("/run/libvirt/libvirt-sock", F_OK) == 0,
                    "only root can become nobody, and libvirt must run for its socket to be closed");
  const base::TemporaryDirectory folder;  // a copy that nobody may enter and run
  std::filesystem::permissions(folder.path(), std::filesystem::perms(0755));
  const auto copy = folder.path() / "host_test";
  std::filesystem::copy_file("/proc/self/exe", copy);
  std::filesystem::permissions(copy, std::filesystem::perms(0755));
  const auto result = base::run({.argv = {"setpriv", "--reuid=nobody", "--regid=nogroup", "--clear-groups",
                                          copy.string(), "--no-skip", "--test-case=As nobody*"},
                                 .environment = {},
                                 .confinement = {}},
                                60s, base::ByteCount(base::kMiB));
  CHECK_MESSAGE(result.status.success(), result.out);
  CHECK(result.out.find("1 passed") != std::string::npos);
}
