#include "terminal.hpp"

#include <clocale>

#include <doctest/doctest.h>

using namespace jaunt::cli;

TEST_CASE("Text is filled or cut in the middle to exactly the width, in columns and not in bytes") {
  std::setlocale(LC_CTYPE, "C.UTF-8");
  CHECK(fitted("abc", 5) == "abc  ");
  CHECK(fitted_right("abc", 5) == "  abc");
  CHECK(fitted("näme", 5) == "näme ");
  CHECK(fitted("/var/lib/libvirt/images", 11) == "/var/…mages");
  CHECK(fitted("漢字漢字", 6) == "漢…字 ");
  CHECK(columns("漢字") == 4);
  CHECK(fitted("ab", 0).empty());
}

TEST_CASE("A path that does not fit loses its first folders, and keeps what tells it from others") {
  std::setlocale(LC_CTYPE, "C.UTF-8");
  const char* const path = "/var/cache/jaunt/world/web-base-17538f32/disk.qcow2";
  CHECK(fitted_path(path, 52) == std::string(path) + " ");
  CHECK(fitted_path(path, 40) == "…/world/web-base-17538f32/disk.qcow2    ");
  CHECK(fitted_path(path, 30) == "…/web-base-17538f32/disk.qcow2");
  CHECK(fitted_path(path, 26) == "…/web-base-175…/disk.qcow2");
  CHECK(fitted_path(path, 16) == "web-bas…sk.qcow2");  // a name longer than its half of the room
  CHECK(fitted_path("web1 vda @before the upgrade", 20) == fitted("web1 vda @before the upgrade", 20));
  CHECK(fitted_path("/a-very-long-name.raw", 10) == fitted("/a-very-long-name.raw", 10));
}

TEST_CASE("Without colours painting changes nothing") {
  CHECK(painted(Terminal{}, Tone::bad, "x") == "x");
  CHECK(painted(Terminal{.interactive = true, .colours = true, .width = 80}, Tone::bad, "x") == "\x1b[31mx\x1b[0m");
}
