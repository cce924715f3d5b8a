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

TEST_CASE("Without colours painting changes nothing") {
  CHECK(painted(Terminal{}, Tone::bad, "x") == "x");
  CHECK(painted(Terminal{.interactive = true, .colours = true, .width = 80}, Tone::bad, "x") == "\x1b[31mx\x1b[0m");
}
