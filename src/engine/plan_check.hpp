// Whether a kept plan still holds.
#pragma once

#include <string>
#include <vector>

#include "engine/describe_job.hpp"
#include "model/plan.hpp"

namespace jaunt::engine {

// Something that is not as it was when a plan was made.
struct Change {
  std::string subject;
  std::string found;
  bool breaks = true;  // else the plan still holds, but differently
  bool operator==(const Change&) const = default;
};

struct PlanCheck {
  model::Plan plan;
  std::vector<Change> changes;
  bool lease_expired = false;

  bool holds() const;
};

// Whether what a kept plan says can still be done: the source as it was, everything here that it relies on.
PlanCheck check_plan(const std::string& id, const Workplace& workplace);

}  // namespace jaunt::engine
