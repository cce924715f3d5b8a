// What is known to be installed in images here: noted when one is described, or has arrived.
#pragma once

#include <filesystem>
#include <set>
#include <string>
#include <vector>

#include "chunkstore/catalog.hpp"
#include "engine/holdings.hpp"
#include "model/description.hpp"

namespace jaunt::engine {

// Name, version and architecture in one line, as what is noted has them.
std::string line_of(const model::Package& package);

// Of the image whose top file this is, as it is now. Nothing where it cannot be looked at.
void note_packages(chunkstore::Catalog& catalog, const std::filesystem::path& top,
                   const std::vector<model::Package>& packages);

// Of all images here that are as they were then.
std::set<std::string> known_packages(const chunkstore::Catalog& catalog, const Holdings& holdings);

}  // namespace jaunt::engine
