// Which kind of error something ends with.
#pragma once

#include <optional>

#include "base/error.hpp"

namespace jaunt::test_support {

// nullopt when it does not throw an Error.
template <typename Action>
std::optional<base::ErrorKind> kind_of_failure(const Action& action) {
  try {
    action();
  } catch (const base::Error& error) {
    return error.kind();
  }
  return std::nullopt;
}

}  // namespace jaunt::test_support
