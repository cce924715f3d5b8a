#include <doctest/doctest.h>
#include <nlohmann/json.hpp>

#include "base/file.hpp"
#include "model/description_json.hpp"

using namespace jaunt;

TEST_CASE("A description of schema 1 is read for ever, and nothing in it changes its name, place or meaning") {
  const std::string text =
      base::read_text_file(JAUNT_GOLDEN_FOLDER "/description/every-field-v1.json", base::ByteCount(base::kMiB));
  const auto golden = nlohmann::json::parse(text);
  const auto written = nlohmann::json::parse(model::to_json(model::description_from_json(text)));
  // Fields may have been added since; patching with what was there must change nothing.
  auto patched = written;
  const auto values = golden.flatten();
  for (const auto& element : values.items())
    patched[nlohmann::json::json_pointer(element.key())] = element.value();
  CHECK(patched == written);
}
