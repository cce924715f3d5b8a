// Places with a name, at which a test may end the process as a power cut or kill -9 would.
#pragma once

namespace jaunt::base {

namespace named_points {
extern const bool watched;
void reached(const char* name);
}  // namespace named_points

// Costs a test of a constant, unless the environment names JAUNT_KILL_AT=NAME:N (the process kills itself when it
// comes by this point for the N-th time, from 1) or JAUNT_TRACE_POINTS=FILE (each point's name is appended to it).
inline void named_point(const char* name) {
  if (named_points::watched) [[unlikely]]
    named_points::reached(name);
}

}  // namespace jaunt::base
