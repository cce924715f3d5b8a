#include "match/archive_choice.hpp"

#include <doctest/doctest.h>

using namespace jaunt;
using base::ByteCount;
using match::archive_pays;

TEST_CASE("An archive is taken apart for a slow link, and not for a fast one") {
  const ByteCount initrd(36'000'000);
  CHECK(archive_pays(initrd, {.link = 1.25e6}));
  CHECK(!archive_pays(initrd, {.link = 12.5e6}));
  CHECK(archive_pays(initrd, {.link = 12.5e6, .packing = 100e6}));
}

TEST_CASE("What would cross nearly as a whole is left as it is") {
  const ByteCount size(36'000'000);
  CHECK(archive_pays(size, ByteCount(1'000'000), {.link = 1.25e6}));
  CHECK(!archive_pays(size, ByteCount(34'000'000), {.link = 1.25e6}));
  CHECK(!archive_pays(size, ByteCount(50'000'000), {.link = 1.25e6}));
}
