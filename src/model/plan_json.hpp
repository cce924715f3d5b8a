// Plans as JSON: what `jaunt plan --json` prints and what is kept. The schema is docs/plan.md.
#pragma once

#include <string>
#include <string_view>

#include "model/plan.hpp"

namespace jaunt::model {

// One line of valid UTF-8 without control characters, in a fixed order of keys.
std::string to_json(const Plan& plan);

// What to_json wrote. Unknown keys are skipped and absent ones keep their default. Foreign bytes throw only
// `corrupt`, `unsupported` (a newer schema) or `limit`.
Plan plan_from_json(std::string_view text);

}  // namespace jaunt::model
