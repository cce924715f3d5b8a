// Values of the configuration that say where packages come from.
#pragma once

#include <string>
#include <vector>

#include "model/description.hpp"

namespace jaunt::engine {

// Each line with the repository that it was understood as.
struct MirrorSources {
  std::vector<std::string> lines;
  std::vector<model::Repository> repositories;
};

struct MirrorArchives {
  std::vector<std::string> urls;
};

}  // namespace jaunt::engine
