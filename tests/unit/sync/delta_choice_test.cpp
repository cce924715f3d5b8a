#include "sync/delta_choice.hpp"

#include <doctest/doctest.h>

using jaunt::sync::DeltaChoice;

namespace {

// How many of so many tiles it tells of, where each answer comes before the next question.
int told(DeltaChoice& choice, int tiles, bool helps) {
  int count = 0;
  for (int i = 0; i < tiles; ++i)
    if (choice.tells()) {
      ++count;
      choice.account(helps);
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
  int count = 0;
  for (int i = 0; i < 100; ++i)
    count += choice.tells() ? 1 : 0;
  CHECK(count < 10);
  for (int i = 0; i < count; ++i)
    choice.account(true);
  count = 0;
  for (int i = 0; i < 50; ++i)
    count += choice.tells() ? 1 : 0;
  CHECK(count == 50);
}
