#include "progress_line.hpp"

#include <doctest/doctest.h>

using namespace jaunt;
using namespace jaunt::cli;
using namespace std::chrono_literals;

TEST_CASE("Progress tells share, rate and the time that is left") {
  CHECK(progress_text("reading vda", base::ByteCount(base::kGiB), base::ByteCount(4 * base::kGiB), 10s) ==
        "reading vda   25 %  1.00 GiB of 4.00 GiB  102 MiB/s  0:30 left");
}

TEST_CASE("A rate is not told before there is one, and more than everything is everything") {
  CHECK(progress_text("x", base::ByteCount(0), base::ByteCount(1024), 5s) == "x    0 %  0 B of 1.00 KiB");
  CHECK(progress_text("x", base::ByteCount(512), base::ByteCount(1024), 10ms) == "x   50 %  512 B of 1.00 KiB");
  CHECK(progress_text("x", base::ByteCount(4096), base::ByteCount(1024), 0s) == "x  100 %  1.00 KiB of 1.00 KiB");
}

TEST_CASE("Work of unknown size tells the time that passed") {
  CHECK(progress_text("looking inside", {}, {}, 0s) == "looking inside");
  CHECK(progress_text("looking inside", {}, {}, 75s) == "looking inside  1:15");
  CHECK(progress_text("looking inside", {}, {}, 3700s) == "looking inside  1:01:40");
}
