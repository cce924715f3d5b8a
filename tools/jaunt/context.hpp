// What every command that works on a node begins with.
#pragma once

#include "base/units.hpp"
#include "engine/config.hpp"
#include "engine/home.hpp"
#include "invocation.hpp"

namespace jaunt::cli {

std::filesystem::path home_path(const Invocation& invocation);

// Of the file, the environment and the flags of this command.
engine::LoadedConfig load_config(const Invocation& invocation);

}  // namespace jaunt::cli
