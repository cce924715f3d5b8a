// jaunt job list.
#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "base/text.hpp"
#include "context.hpp"
#include "engine/job.hpp"
#include "handlers.hpp"

namespace jaunt::cli {

int run_job_list(const Invocation& invocation) {
  const engine::Home home(home_path(invocation));
  for (const engine::ListedJob& job : engine::list_jobs(home)) {
    if (invocation.flag("--json"))
      fmt::print("{}\n", nlohmann::ordered_json({{"type", "job"},
                                                 {"id", job.id},
                                                 {"kind", base::printable(job.begun.kind)},
                                                 {"subject", base::printable(job.begun.subject)},
                                                 {"pid", job.begun.pid},
                                                 {"alive", job.alive}})
                             .dump());
    else
      fmt::print("{}  {} {}  {}\n", job.id, base::printable(job.begun.kind), base::printable(job.begun.subject),
                 job.alive ? fmt::format("process {}", job.begun.pid) : "was killed; the next command cleans up");
  }
  return 0;
}

}  // namespace jaunt::cli
