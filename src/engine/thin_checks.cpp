#include "engine/thin_checks.hpp"

#include <fmt/format.h>

#include "base/text.hpp"
#include "engine/thin_records.hpp"

namespace jaunt::engine {

using hypervisor::Check;
using hypervisor::Verdict;

namespace {

std::optional<Check> complaint(const ThinTarget& target, const StoodOnFile& file) {
  const std::string base = base::printable(file.path.string());
  const std::string stands = fmt::format("{} stands on {}", base::printable(target.path.string()), base);
  switch (state_of(file)) {
    case StoodOnState::same:
      break;
    case StoodOnState::writable:
      return Check{.name = "thin",
                   .verdict = Verdict::warning,
                   .found = stands + ", which may be written to",
                   .remedy = fmt::format("chmod a-w {}", base)};
    case StoodOnState::written:
      return Check{.name = "thin",
                   .verdict = Verdict::broken,
                   .found = stands + ", which was written to: it is not what was teleported any more",
                   .remedy = "remove the image, and teleport it again"};
    case StoodOnState::gone:
      return Check{.name = "thin",
                   .verdict = Verdict::broken,
                   .found = stands + ", which is gone, or another file",
                   .remedy = fmt::format("bring {} back, or teleport the image again", base)};
  }
  return std::nullopt;
}

}  // namespace

std::vector<Check> check_thin(const std::filesystem::path& home) {
  std::vector<Check> checks;
  const std::vector<ThinTarget> targets = ThinRecords(home).targets();
  for (const ThinTarget& target : targets)
    for (const StoodOnFile& file : target.files)
      if (auto check = complaint(target, file))
        checks.push_back(std::move(*check));
  if (checks.empty() && !targets.empty())
    checks.push_back({.name = "thin",
                      .verdict = Verdict::ok,
                      .found = fmt::format("what {} thin image{} stand{} on is as it was", targets.size(),
                                           targets.size() == 1 ? "" : "s", targets.size() == 1 ? "s" : ""),
                      .remedy = {}});
  return checks;
}

}  // namespace jaunt::engine
