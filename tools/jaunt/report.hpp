// Errors as people and scripts see them.
#pragma once

#include <string>

#include "base/error.hpp"

namespace jaunt::cli {

int exit_code_of(base::ErrorKind kind);

// "jaunt: cannot ...: ...\n  try: ...\n"
std::string error_text(const base::Error& error);

// One line: {"type":"error","kind":...,"operation":...,"subject":...,"cause":...,"remedy":...,"exit_code":...}
std::string error_json(const base::Error& error);

// Prints the error where it belongs (standard output with --json, else standard error) and returns its exit code.
int report(const base::Error& error, bool json);

}  // namespace jaunt::cli
