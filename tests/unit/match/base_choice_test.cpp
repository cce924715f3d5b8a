#include "match/base_choice.hpp"

#include <string>
#include <vector>

#include <doctest/doctest.h>

using namespace jaunt::match;

namespace {

std::string chosen(const std::vector<Contender>& contenders) {
  const auto choice = choose_base(contenders);
  return choice ? contenders[choice->index].name + ": " + why(*choice, contenders, 100) : "none";
}

}  // namespace

TEST_CASE("The base is what holds most, and the reason names the next best") {
  CHECK(chosen({{"a", 40, 40, 1}, {"b", 86, 0, 5}, {"c", 60, 0, 1}}) ==
        "b: it holds 86.0 % of what is needed, the next best c 60.0 %");
}

TEST_CASE("Among equals more in place, then fewer layers, then the name decides") {
  CHECK(chosen({{"a", 40, 10, 1}, {"b", 40, 30, 3}}) ==
        "b: it holds 40.0 % of what is needed like a, but more of it in place: 30.0 % against 10.0 %");
  CHECK(chosen({{"a", 40, 10, 2}, {"b", 40, 10, 1}}) ==
        "b: it holds 40.0 % of what is needed like a, in fewer layers");
  CHECK(chosen({{"b", 40, 10, 1}, {"a", 40, 10, 1}}) ==
        "a: it holds 40.0 % of what is needed, and b would do as well");
}

TEST_CASE("What holds nothing is no base") {
  CHECK(chosen({}) == "none");
  CHECK(chosen({{"a", 0, 0, 1}}) == "none");
  CHECK(chosen({{"a", 0, 0, 1}, {"b", 1, 0, 9}}) ==
        "b: it holds 1.0 % of what is needed, and no other image holds any");
}

TEST_CASE("A hostile name is printed harmlessly") {
  CHECK(chosen({{"a", 9, 0, 1}, {"\x1b[2J", 8, 0, 1}}).find('\x1b') == std::string::npos);
}
