#include "engine/home.hpp"

#include <doctest/doctest.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/error.hpp"

using namespace jaunt;
using namespace jaunt::engine;

namespace {

mode_t mode_of(const std::filesystem::path& path) {
  struct stat status {};
  REQUIRE(::stat(path.c_str(), &status) == 0);
  return status.st_mode & 07777;
}

}  // namespace

TEST_CASE("A home is made private to its owner, with its folders") {
  const base::TemporaryDirectory parent;
  const Home home(parent.path() / "node");
  CHECK(mode_of(home.path()) == 0700);
  CHECK(mode_of(home.jobs()) == 0700);
  CHECK(mode_of(home.cache()) == 0700);
  CHECK_NOTHROW(Home(home.path()));
}

TEST_CASE("A home that others may write to is refused with the remedy") {
  const base::TemporaryDirectory parent;
  std::filesystem::permissions(parent.path(), std::filesystem::perms(0770));
  try {
    const Home home(parent.path());
    FAIL("was accepted");
  } catch (const base::Error& error) {
    CHECK(error.kind() == base::ErrorKind::auth);
    CHECK(error.remedy() == "chmod 700 " + parent.path().string());
  }
}

TEST_CASE("A locked home is busy and names the process that holds it") {
  const base::TemporaryDirectory parent;
  const Home home(parent.path());
  const FileLock held = home.lock();
  try {
    home.lock(std::chrono::milliseconds(0));
    FAIL("was locked twice");
  } catch (const base::Error& error) {
    CHECK(error.kind() == base::ErrorKind::busy);
    CHECK(error.cause() == "process " + std::to_string(::getpid()) + " holds it");
  }
}

TEST_CASE("The lock of a killed process is free again") {
  const base::TemporaryDirectory parent;
  const Home home(parent.path());
  const pid_t child = ::fork();
  if (child == 0) {
    const FileLock held = home.lock();
    ::kill(::getpid(), SIGKILL);
  }
  ::waitpid(child, nullptr, 0);
  CHECK_NOTHROW(home.lock(std::chrono::milliseconds(0)));
}
