// The runs of docs/format.md, byte for byte, and a plan of the first schema.
#include <cstdlib>

#include <doctest/doctest.h>
#include <nlohmann/json.hpp>

#include "model/plan_json.hpp"
#include "model/run_list.hpp"
#include "support/format_page.hpp"
#include "support/sample_plan.hpp"

using namespace jaunt;
using namespace jaunt::model;

TEST_CASE("The example's runs are read, and written byte for byte as they are committed") {
  RunList list{.size = base::ByteCount(7 * kBlockBytes),
               .layers = 1,
               .runs = {{.source = SourceKind::base, .blocks = 2, .part = kInPlace},
                        {.source = SourceKind::zero, .blocks = 1},
                        {.source = SourceKind::local, .blocks = 2, .part = 0, .from = BlockIndex(1)},
                        {.source = SourceKind::store, .blocks = 1},
                        {.source = SourceKind::wire, .blocks = 1}}};
  list.carried_root.fill(std::byte{0x5a});
  list.store_ids.emplace_back().bytes.fill(std::byte{0x11});
  const base::MappedFile golden(JAUNT_GOLDEN_FOLDER "/plan/example-v1.runs");
  CHECK(decode_run_list(golden.bytes()) == list);
  CHECK(base::to_hex(encode(list)) == base::to_hex(golden.bytes()));
}

TEST_CASE("The bytes that docs/format.md shows of a plan's runs are those of the example's file") {
  testing::check_example(JAUNT_FORMAT_PAGE, "The runs of a plan", JAUNT_GOLDEN_FOLDER "/plan/example-v1.runs", 11);
}

TEST_CASE("A plan of schema 1 is read for ever, and nothing in it changes its name, place or meaning") {
  const std::string path = JAUNT_GOLDEN_FOLDER "/plan/every-field-v1.json";
  if (std::getenv("JAUNT_GOLDEN_WRITE") != nullptr)
    base::write_text_file(path, to_json(test_support::sample_plan()), 0644);
  const std::string text = base::read_text_file(path, base::ByteCount(base::kMiB));
  const auto written = nlohmann::json::parse(to_json(plan_from_json(text)));
  // Fields may have been added since; patching with what was there must change nothing.
  auto patched = written;
  const auto values = nlohmann::json::parse(text).flatten();
  for (const auto& element : values.items())
    patched[nlohmann::json::json_pointer(element.key())] = element.value();
  CHECK(patched == written);
}
