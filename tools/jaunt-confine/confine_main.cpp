// jaunt-confine: fences itself, then becomes another program. jaunt puts it between libguestfs and its hypervisor.
#include <cstring>
#include <exception>
#include <string>
#include <string_view>
#include <vector>

#include <fmt/format.h>
#include <unistd.h>

#include "base/error.hpp"
#include "base/file.hpp"
#include "base/sandbox.hpp"
#include "base/text.hpp"

namespace {

using namespace jaunt::base;

constexpr int kUsage = 2;
constexpr int kFailed = 1;

struct Request {
  Confinement rules;
  std::string pid_file;
  char** program = nullptr;
};

Request parse(int argc, char** argv) {
  Request request;
  int at = 1;
  for (; at + 1 < argc && std::string_view(argv[at]) != "--"; at += 2) {
    const std::string_view option = argv[at];
    const char* value = argv[at + 1];
    if (option == "--read")
      request.rules.read_paths.emplace_back(value);
    else if (option == "--write")
      request.rules.write_paths.emplace_back(value);
    else if (option == "--device")
      request.rules.devices.emplace_back(value);
    else if (option == "--pid-file")
      request.pid_file = value;
    else if (const auto bytes = parse_bytes(value); option == "--memory" && bytes)
      request.rules.memory_max = *bytes;
    else
      throw Error(ErrorKind::usage, "understand", std::string(option), "it is no option or its value is wrong");
  }
  if (at + 1 >= argc)
    throw Error(ErrorKind::usage, "find", "a program to run", "none is given after --");
  request.program = argv + at + 1;
  return request;
}

}  // namespace

int main(int argc, char** argv) {
  try {
    const Request request = parse(argc, argv);
    if (!request.pid_file.empty())
      write_text_file(request.pid_file, std::to_string(::getpid()));
    if (const int failed = PreparedConfinement(request.rules).apply())
      throw_errno(failed, "fence", request.program[0]);
    ::execv(request.program[0], request.program);
    throw_errno(errno, "start", request.program[0]);
  } catch (const Error& error) {
    fmt::print(stderr,
               "jaunt-confine: {}\nusage: jaunt-confine [--read PATH] [--write PATH] [--device PATH] "
               "[--memory BYTES] [--pid-file FILE] -- PROGRAM ARGUMENTS\n",
               error.what());
    return error.kind() == ErrorKind::usage ? kUsage : kFailed;
  }
}
