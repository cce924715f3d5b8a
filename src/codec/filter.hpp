// Programs that turn one stream of bytes into another, such as gzip: fenced, bounded, and stopped when enough is
// seen.
#pragma once

#include <chrono>
#include <functional>
#include <string>
#include <vector>

#include "base/bytes.hpp"
#include "base/error.hpp"
#include "base/file.hpp"

namespace jaunt::codec {

struct FilterBounds {
  base::ByteCount memory_max{768 * base::kMiB};  // of address space
  std::chrono::seconds patience{600};
};

// Runs the program on `in` from `at` on and passes what it writes, piece by piece; until it ends (true: well), or the
// consumer says false, which ends it (false). Throws limit when it takes too long, io where it cannot be started.
bool run_filter(const std::vector<std::string>& argv, const base::File& in, base::ByteOffset at,
                const std::function<bool(base::ByteView)>& consumer, const FilterBounds& bounds,
                const base::CancelToken& cancel);

}  // namespace jaunt::codec
