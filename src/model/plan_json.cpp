#include "model/plan_json.hpp"

#include "model/json_codec.hpp"
#include "model/plan_fields.hpp"

namespace jaunt::model {

std::string to_json(const Plan& plan) {
  return json_codec::to_document("plan", kPlanVersion, plan);
}

Plan plan_from_json(std::string_view text) {
  return json_codec::from_document<Plan>("plan", kPlanVersion, text);
}

}  // namespace jaunt::model
