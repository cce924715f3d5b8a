#include "plan_screen.hpp"

#include <clocale>
#include <cstdio>
#include <cstdlib>
#include <ctime>
#include <sstream>

#include <doctest/doctest.h>

#include "base/file.hpp"
#include "support/sample_plan.hpp"

using namespace jaunt;
using namespace jaunt::cli;

namespace {

std::string plain_screen(const model::Plan& plan, std::size_t width) {
  std::setlocale(LC_CTYPE, "C.UTF-8");
  ::setenv("TZ", "UTC", 1);
  ::tzset();
  return screen(plan, Terminal{.interactive = false, .colours = false, .width = width});
}

bool holds(const std::string& text, const std::string& part) {
  return text.find(part) != text.npos;
}

model::Plan plan_that_pays() {
  model::Plan plan = test_support::sample_plan();
  plan.plain_copy_is_faster = false;
  return plan;
}

}  // namespace

TEST_CASE("The screen of a plan is, to the letter, the one that is committed") {
  const std::string golden = JAUNT_GOLDEN_FOLDER "/plan/screen.txt";
  const std::string text = plain_screen(plan_that_pays(), 100);
  if (std::getenv("JAUNT_GOLDEN_WRITE") != nullptr)
    base::write_text_file(golden, text, 0644);
  CHECK(text == base::read_text_file(golden, base::ByteCount(base::kMiB)));
}

TEST_CASE("Where a plain copy is faster the screen says so first") {
  const std::string text = plain_screen(test_support::sample_plan(), 100);
  CHECK(holds(text.substr(0, 200), "A plain copy is the fastest here"));
  CHECK_FALSE(holds(text, "times the bytes"));
}

TEST_CASE("No line of a plan is wider than the terminal") {
  for (const std::size_t width : {60, 80, 100, 160})
    for (const model::Plan& plan : {plan_that_pays(), test_support::sample_plan(), model::Plan{}}) {
      std::istringstream lines(plain_screen(plan, width));
      for (std::string line; std::getline(lines, line);) {
        CAPTURE(line);
        CHECK(columns(line) <= width);
      }
    }
}

TEST_CASE("A candidate in a deep folder is shown by the end of its path") {
  model::Plan plan = plan_that_pays();
  plan.disks[0].candidates[0].image = "/var/cache/jaunt/world/web-base-17538f323f241ace/disk.qcow2";
  for (const std::size_t width : {60, 80, 100})
    CHECK(holds(plain_screen(plan, width), "web-base"));
}

TEST_CASE("A source that gives little keeps a cell of the bar, and is not shown as nothing") {
  model::Plan plan = plan_that_pays();
  plan.sources = {{.source = model::SourceKind::base, .bytes = base::ByteCount(100 * base::kGiB)},
                  {.source = model::SourceKind::store, .bytes = base::ByteCount(4096)},
                  {.source = model::SourceKind::wire, .bytes = base::ByteCount(4096)}};
  const std::string text = plain_screen(plan, 100);
  CHECK(holds(text, "█▒░\n"));
  CHECK(holds(text, "< 0.1 %"));
  CHECK(holds(text, "99.9 %"));
}

TEST_CASE("The other node's names cannot steer the terminal in a plan") {
  model::Plan plan = plan_that_pays();
  for (std::string* text : {&plan.subject, &plan.source, &plan.name, &plan.disks[0].target,
                            &plan.disks[0].candidates[0].image, &plan.disks[0].base_reason, &plan.blockers[0].found,
                            &plan.blockers[0].remedy, &plan.problems[0].cause, &plan.forecast.slowest})
    *text = "\x1b[2J\r\xff\xe2\x80\xae";
  for (const char c : plain_screen(plan, 100))
    CHECK((c == '\n' || static_cast<unsigned char>(c) >= 0x20));
}

TEST_CASE("A destination that holds nothing is told why there is no base") {
  model::Plan plan = plan_that_pays();
  plan.disks[0].candidates.clear();
  plan.disks[0].base.reset();
  plan.disks[0].base_reason = "no image is catalogued here";
  CHECK(holds(plain_screen(plan, 100), "no image is catalogued here"));
}
