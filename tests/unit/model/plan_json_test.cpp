#include "model/plan_json.hpp"

#include <doctest/doctest.h>
#include <nlohmann/json.hpp>

#include "base/error.hpp"
#include "base/file.hpp"
#include "model/plan_fields.hpp"
#include "support/sample_plan.hpp"

using namespace jaunt;
using namespace jaunt::model;
using Json = nlohmann::json;

namespace {

base::ErrorKind refusal(std::string_view text) {
  try {
    plan_from_json(text);
  } catch (const base::Error& error) {
    return error.kind();
  }
  return base::ErrorKind::usage;
}

template <class... T>
void check_all(const std::string& page) {
  const auto check = [&](std::string_view key) {
    CAPTURE(key);
    CHECK(page.find("`" + std::string(key) + "`") != page.npos);
  };
  (std::apply([&](const auto&... field) { (check(field.key), ...); }, kJsonFields<T>), ...);
}

}  // namespace

TEST_CASE("A plan is read as it was written") {
  const Plan plan = test_support::sample_plan();
  CHECK(plan_from_json(to_json(plan)) == plan);
  CHECK(plan_from_json(to_json(Plan{})) == Plan{});
}

TEST_CASE("Times are seconds in JSON, and whole microseconds come back") {
  Plan plan;
  plan.forecast.seconds = std::chrono::microseconds(12'345'678);
  CHECK(Json::parse(to_json(plan))["forecast"]["seconds"] == 12.345678);
  plan.forecast.seconds = std::chrono::microseconds(999'999'999'999'999);
  CHECK(plan_from_json(to_json(plan)) == plan);
}

TEST_CASE("A plan of a newer schema, another document and impossible times are refused") {
  CHECK(refusal(R"({"type":"plan","schema":2})") == base::ErrorKind::unsupported);
  CHECK(refusal(R"({"type":"description","schema":1})") == base::ErrorKind::corrupt);
  CHECK(refusal(R"({"type":"plan","schema":1,"downtime":-1})") == base::ErrorKind::corrupt);
  CHECK(refusal(R"({"type":"plan","schema":1,"downtime":1e300})") == base::ErrorKind::corrupt);
  CHECK(refusal(R"({"type":"plan","schema":1,"sources":[{"source":"magic"}]})") == base::ErrorKind::corrupt);
}

TEST_CASE("The page of the plan explains every key that is written") {
  const std::string page = base::read_text_file(JAUNT_PLAN_PAGE, base::ByteCount(base::kMiB));
  check_all<Plan, LinkSpeed, DiskPlan, SourceShare, PlannedCandidate, PlannedFile, PlannedLayer, Blocker, Forecast, PlainCopy, Elsewhere>(page);
  CHECK(page.find("is schema **" + std::to_string(kPlanVersion) + "**") != page.npos);
}
