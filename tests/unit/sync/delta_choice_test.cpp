#include "sync/delta_choice.hpp"

#include <doctest/doctest.h>

using jaunt::sync::DeltaChoice;

namespace {

constexpr std::uint64_t kSignature = 1024;

// How many of so many tiles it tells of, where each answer comes before the next question.
int told(DeltaChoice& choice, int tiles, bool helps) {
  int count = 0;
  for (int i = 0; i < tiles; ++i)
    if (choice.tells(kSignature)) {
      ++count;
      choice.account(helps, kSignature);
    } else {
      choice.receive(100'000);
    }
  return count;
}

}  // namespace

TEST_CASE("What helps is told of every time") {
  DeltaChoice choice;
  CHECK(told(choice, 1000, true) == 1000);
}

TEST_CASE("What does not help is told of ever more seldom, and tried again") {
  DeltaChoice choice;
  const int first = told(choice, 1000, false);
  CHECK(first < 30);
  CHECK(first > 10);
  CHECK(told(choice, 1000, true) > 900);
}

TEST_CASE("While nothing is known, few are told of at once") {
  DeltaChoice choice;
  choice.receive(100'000'000);
  int count = 0;
  for (int i = 0; i < 100; ++i)
    count += choice.tells(kSignature) ? 1 : 0;
  CHECK(count < 10);
  for (int i = 0; i < count; ++i)
    choice.account(true, kSignature);
  count = 0;
  for (int i = 0; i < 50; ++i)
    count += choice.tells(kSignature) ? 1 : 0;
  CHECK(count == 50);
}

TEST_CASE("What is told in vain is never more than a hundredth of what came, and some kilobytes") {
  DeltaChoice choice;
  std::uint64_t vain = 0;
  std::uint64_t came = 0;
  for (int i = 0; i < 10'000; ++i) {
    const std::uint64_t signature = 128 + 7919 * static_cast<std::uint64_t>(i) % 32'768;
    if (choice.tells(signature)) {
      vain += signature;
      choice.account(false, signature);
    }
    came += 1000;
    choice.receive(1000);
    REQUIRE(vain <= came / 100 + 8192);
  }
  CHECK(vain > came / 200);
}

TEST_CASE("Where nothing is here, nothing is spent") {
  DeltaChoice choice;
  for (int i = 0; i < 100; ++i) {
    REQUIRE(choice.tells(kSignature));
    choice.take_back(kSignature);
  }
}
