// A test case that cannot run on this machine says why and counts as skipped.
#pragma once

#include <string_view>

namespace jaunt::test_support {

// Notes the running case as skipped; the case returns right after. For cases whose obstacle shows late.
void skip(std::string_view reason);

}  // namespace jaunt::test_support

// In a TEST_CASE: JAUNT_SKIP_UNLESS(confinement_available(), "this kernel has no Landlock");
#define JAUNT_SKIP_UNLESS(condition, reason) \
  do {                                       \
    if (!(condition)) {                      \
      ::jaunt::test_support::skip(reason);   \
      return;                                \
    }                                        \
  } while (false)
