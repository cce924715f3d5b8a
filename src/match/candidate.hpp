// What could be the base.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "model/tree_file.hpp"

namespace jaunt::match {

// Layers are shared among candidates, so that a backing file under a thousand clones is looked at once. They are
// given beside the candidates as a list without repetitions.
using Layers = std::span<const model::TreeView* const>;

// A local image: a stack of layers, top first, as indices into the list of layers. What it can give is the union of
// its layers' ids.
struct Candidate {
  std::string name;  // unique; decides last, so that the same base is chosen every time
  std::vector<std::uint32_t> layers;
};

}  // namespace jaunt::match
