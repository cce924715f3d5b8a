#include "base/text.hpp"

#include <string>
#include <vector>

#include <doctest/doctest.h>

using namespace jaunt::base;

TEST_CASE("Sizes are shown with three digits and binary units") {
  CHECK(human_bytes(ByteCount(0)) == "0 B");
  CHECK(human_bytes(ByteCount(1023)) == "1023 B");
  CHECK(human_bytes(ByteCount(1024)) == "1.00 KiB");
  CHECK(human_bytes(ByteCount(1024 * 1024 - 1)) == "1.00 MiB");
  CHECK(human_bytes(ByteCount(28 * kGiB + 300 * kMiB)) == "28.3 GiB");
  CHECK(human_bytes(ByteCount(~0ULL)) == "16.0 EiB");
}

TEST_CASE("Sizes are read with and without a unit") {
  CHECK(parse_bytes("4096") == ByteCount(4096));
  CHECK(parse_bytes("64K") == ByteCount(64 * kKiB));
  CHECK(parse_bytes("2GiB") == ByteCount(2 * kGiB));
  CHECK_FALSE(parse_bytes("").has_value());
  CHECK_FALSE(parse_bytes("-1").has_value());
  CHECK_FALSE(parse_bytes("1X").has_value());
  CHECK_FALSE(parse_bytes("16E").has_value());
}

TEST_CASE("Foreign names cannot steer a terminal and stay readable") {
  CHECK(printable("plain/näme") == "plain/näme");
  CHECK(printable("a\x1b[31mb\n") == "a\\x1b[31mb\\x0a");
  CHECK(printable("\xff\xfe") == "\\xff\\xfe");
  CHECK(printable("\xc0\xaf") == "\\xc0\\xaf");
  CHECK(printable("\xe2\x80\xae") == "\\xe2\\x80\\xae");
  CHECK(printable("\xc2\x9b") == "\\xc2\\x9b");
  CHECK(printable("\xf0\x9f\x9a\x80") == "\xf0\x9f\x9a\x80");
  CHECK(printable("\xe2\x82") == "\\xe2\\x82");
}

TEST_CASE("The last line of a program's output is the last one that says something") {
  CHECK(last_line("first\nqemu: \x1b[31mno\n\n") == "qemu: \\x1b[31mno");
  CHECK(last_line("only") == "only");
  CHECK(last_line(" \n\n").empty());
}

TEST_CASE("A misspelled word is recognised, a strange one is not") {
  const std::vector<std::string> words{"describe", "doctor", "config"};
  CHECK(nearest_word("descrbe", words) == "describe");
  CHECK(nearest_word("docter", words) == "doctor");
  CHECK(nearest_word("confg", words) == "config");
  CHECK_FALSE(nearest_word("teleport", words).has_value());
  CHECK_FALSE(nearest_word("", words).has_value());
}
