// Descriptions as JSON: what `jaunt describe --json` prints and what caches keep. The schema is docs/description.md.
#pragma once

#include <string>
#include <string_view>

#include "model/description.hpp"

namespace jaunt::model {

// One line of valid UTF-8 without control characters, in a fixed order of keys.
std::string to_json(const Description& description);

// What to_json wrote, to the byte of every string. Unknown keys are skipped and absent ones keep their default, so
// that fields may be added within a schema. Foreign bytes throw only `corrupt`, `unsupported` (a newer schema) or
// `limit`.
Description description_from_json(std::string_view text);

}  // namespace jaunt::model
