// A node that answers its peers and carries out the jobs that it is handed: the work behind `jaunt daemon`.
#pragma once

#include <functional>
#include <string>

#include "base/process.hpp"
#include "engine/describe_job.hpp"
#include "engine/node_server.hpp"

namespace jaunt::engine {

struct DaemonOptions {
  ServeOptions serve;
  // The program that carries one job out in this home, with JSON Lines on its standard output.
  std::function<base::Command(const std::string& job)> attempt;
};

// Until the workplace's token is raised; jobs that run are stopped then, where the next daemon goes on with them.
// Throws busy where the home has a daemon.
void run_daemon(const DaemonOptions& options, const Workplace& workplace);

}  // namespace jaunt::engine
