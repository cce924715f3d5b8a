#include "base/named_point.hpp"

#include <atomic>
#include <csignal>
#include <cstdlib>
#include <string>

#include <fcntl.h>

#include "base/error.hpp"
#include "base/file.hpp"

namespace jaunt::base::named_points {

namespace {

struct Target {
  std::string name;
  unsigned long count = 0;
};

Target target() {
  const char* const text = std::getenv("JAUNT_KILL_AT");
  if (text == nullptr)
    return {};
  const std::string words = text;
  const auto colon = words.rfind(':');
  invariant(colon != words.npos, "JAUNT_KILL_AT is NAME:N");
  return {words.substr(0, colon), std::strtoul(words.c_str() + colon + 1, nullptr, 10)};
}

void trace(const char* name) {
  static const char* const path = std::getenv("JAUNT_TRACE_POINTS");
  if (path == nullptr)
    return;
  const auto file = File::open(path, O_WRONLY | O_CREAT | O_APPEND);
  file.write_all(ByteOffset(0), as_bytes(std::string(name) + "\n"));
}

}  // namespace

const bool watched = std::getenv("JAUNT_KILL_AT") != nullptr || std::getenv("JAUNT_TRACE_POINTS") != nullptr;

void reached(const char* name) {
  static const Target wanted = target();
  static std::atomic<unsigned long> passed = 0;
  trace(name);
  if (wanted.name == name && ++passed == wanted.count)
    std::raise(SIGKILL);
}

}  // namespace jaunt::base::named_points
