// The error that something fails with.
#pragma once

#include <optional>

#include <doctest/doctest.h>

#include "base/error.hpp"

namespace jaunt::test_support {

// Where nothing is thrown, the test case fails and ends.
template <typename Work>
base::Error failure_of(const Work& work) {
  try {
    work();
  } catch (const base::Error& error) {
    return error;
  }
  FAIL("no error was thrown");
  return {base::ErrorKind::usage, "", "", ""};
}

// Its kind; nullopt where nothing is thrown.
template <typename Work>
std::optional<base::ErrorKind> kind_of_failure(const Work& work) {
  try {
    work();
  } catch (const base::Error& error) {
    return error.kind();
  }
  return std::nullopt;
}

}  // namespace jaunt::test_support
