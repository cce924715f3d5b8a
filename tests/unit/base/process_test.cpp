#include "base/process.hpp"

#include <doctest/doctest.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/text.hpp"
#include "support/skip.hpp"

using namespace jaunt::base;
using namespace std::chrono_literals;

namespace {

Captured shell(const std::string& script, std::optional<Confinement> confinement = std::nullopt) {
  return run({.argv = {"sh", "-c", script}, .environment = {}, .confinement = std::move(confinement)}, 20s,
             ByteCount(kMiB));
}

std::string file_with(const TemporaryDirectory& folder, const char* name, std::string_view text) {
  const auto path = folder.path() / name;
  write_text_file(path, text);
  return path.string();
}

}  // namespace

TEST_CASE("A program's output, errors and status are told apart") {
  const Captured result = shell("echo out; echo err >&2; exit 3");
  CHECK(result.out == "out\n");
  CHECK(result.err == "err\n");
  CHECK(result.status.describe() == "exit code 3");
}

TEST_CASE("A program that does not exist is named") {
  CHECK_THROWS_WITH_AS(run({.argv = {"no-such-program"}, .environment = {}, .confinement = {}}, 1s, ByteCount(1)),
                       doctest::Contains("no-such-program"), Error);
}

TEST_CASE("A program that hangs is ended") {
  CHECK_THROWS_WITH_AS(run({.argv = {"sleep", "60"}, .environment = {}, .confinement = {}}, 200ms, ByteCount(1)),
                       doctest::Contains("in time"), Error);
}

TEST_CASE("A program that floods its output is ended") {
  CHECK_THROWS_WITH_AS(run({.argv = {"yes"}, .environment = {}, .confinement = {}}, 20s, ByteCount(kMiB)),
                       doctest::Contains("prints more"), Error);
}

TEST_CASE("Cancelling ends the program and is not an error") {
  const CancelToken cancel;
  cancel.cancel();
  CHECK_THROWS_AS(run({.argv = {"sleep", "60"}, .environment = {}, .confinement = {}}, 20s, ByteCount(1), cancel),
                  Cancelled);
}

TEST_CASE("Added environment replaces what was inherited") {
  const Captured result =
      run({.argv = {"sh", "-c", "echo $HOME"}, .environment = {"HOME=/elsewhere"}, .confinement = {}}, 20s,
          ByteCount(kMiB));
  CHECK(result.out == "/elsewhere\n");
}

TEST_CASE("A confined program reads what it was given and nothing else") {
  JAUNT_SKIP_UNLESS(confinement_available(), "this kernel has no Landlock");
  const TemporaryDirectory home;
  const std::string given = file_with(home, "given", "public");
  const std::string other = file_with(home, "other", "secret");
  const Confinement fence{.read_paths = {given}, .write_paths = {}, .devices = {}, .memory_max = {}};
  CHECK(shell("cat " + given, fence).out == "public");
  const Captured refused = shell("cat " + other, fence);
  CHECK_FALSE(refused.status.success());
  CHECK(refused.out.empty());
  CHECK_FALSE(shell("echo x > " + given, fence).status.success());
  CHECK_FALSE(shell("cat /etc/shadow", fence).status.success());
}

TEST_CASE("A confined program writes only where it may") {
  JAUNT_SKIP_UNLESS(confinement_available(), "this kernel has no Landlock");
  const TemporaryDirectory home;
  const TemporaryDirectory elsewhere;
  const Confinement fence{.read_paths = {}, .write_paths = {home.path()}, .devices = {}, .memory_max = {}};
  CHECK(shell("echo x > " + (home.path() / "new").string(), fence).status.success());
  CHECK_FALSE(shell("echo x > " + (elsewhere.path() / "new").string(), fence).status.success());
}

TEST_CASE("A confined program of root is not root") {
  JAUNT_SKIP_UNLESS(confinement_available(), "this kernel has no Landlock");
  JAUNT_SKIP_UNLESS(::geteuid() == 0, "only root can show it");
  CHECK(shell("id -u", Confinement{}).out == "65534\n");
}

TEST_CASE("A confined program has no network" * doctest::skip(!confinement_available())) {
  const std::string connects = "bash -c ': < /dev/tcp/127.0.0.1/1'";
  CHECK(shell(connects).err.find("refused") != std::string::npos);
  CHECK(shell(connects, Confinement{}).err.find("denied") != std::string::npos);
}

TEST_CASE("A confined program stays within its memory") {
  JAUNT_SKIP_UNLESS(confinement_available(), "this kernel has no Landlock");
  Confinement fence;
  fence.memory_max = ByteCount(64 * kMiB);
  CHECK_FALSE(shell("dd if=/dev/zero of=/dev/null bs=200M count=1", fence).status.success());
}
