// What runs inside the appliance besides libguestfs' own daemon.
#pragma once

#include <string_view>

namespace jaunt::describe {

// Where the script is put in the appliance, and the pipe that carries its output; the latter as libguestfs names it,
// which sees the appliance from /sysroot.
inline constexpr std::string_view kScriptPath = "/tmp/jaunt-script";
inline constexpr std::string_view kStreamPath = "/jaunt/out";
// Where a filesystem under examination is mounted, as libguestfs names it.
inline constexpr const char* kMountPoint = "/guest";

// A POSIX shell script. `script COMMAND WORD...` starts the command and returns at once; its output goes to the pipe
// and ends with the line "jaunt-end EXIT_CODE LINES_ON_STANDARD_ERROR".
std::string_view appliance_script();

}  // namespace jaunt::describe
