#include "describe_screen.hpp"

#include <clocale>
#include <sstream>

#include <doctest/doctest.h>

#include "support/sample_description.hpp"

using namespace jaunt;
using namespace jaunt::cli;

namespace {

bool holds(const std::string& text, const std::string& part) {
  return text.find(part) != text.npos;
}

std::string plain_screen(const model::Description& description, std::size_t width) {
  std::setlocale(LC_CTYPE, "C.UTF-8");
  return screen(description, Terminal{.interactive = false, .colours = false, .width = width}, false);
}

}  // namespace

TEST_CASE("The screen tells machine, system, filesystems, disks and problems") {
  model::Description description = test_support::sample_description();
  description.filesystems[0].opaque = false;
  const std::string text = plain_screen(description, 100);
  for (const char* part :
       {"web1", "shut off", "Debian GNU/Linux 12 (bookworm)", "2 deb", "/dev/sda1", "ext4", "dirty", "needs recovery",
        "vda", "8.00 GiB", "qcow2", "2.35 GiB needed", "a5a5a5a5a5a5a5a5", "its superblock is corrupt"}) {
    CAPTURE(part);
    CHECK(holds(text, part));
  }
}

TEST_CASE("No line is wider than the terminal") {
  model::Description description = test_support::sample_description();
  description.disks[0].target = "vdzzzzzzzz";
  for (const std::size_t width : {60, 80, 100, 160}) {
    std::istringstream lines(plain_screen(description, width));
    for (std::string line; std::getline(lines, line);) {
      CAPTURE(line);
      CHECK(columns(line) <= width);
    }
  }
}

TEST_CASE("A guest's names cannot steer the terminal") {
  model::Description description = test_support::sample_description();
  for (std::string* text : {&description.systems[0].product, &description.systems[0].hostname, &description.subject,
                            &description.filesystems[0].device, &description.filesystems[0].type,
                            &description.filesystems[0].state_reason, &description.disks[0].layers[0].path,
                            &description.problems[0].cause, &description.hardware->machine})
    *text = "\x1b[2J\r\xff\xe2\x80\xae";
  const std::string text = plain_screen(description, 100);
  for (const char c : text)
    CHECK((c == '\n' || static_cast<unsigned char>(c) >= 0x20));
  CHECK_FALSE(holds(text, "\xe2\x80\xae"));
}

TEST_CASE("An image of which nothing is known but its name has a screen") {
  model::Description description;
  description.subject = "/images/empty.raw";
  CHECK(plain_screen(description, 80) == "/images/empty.raw\n");
}
