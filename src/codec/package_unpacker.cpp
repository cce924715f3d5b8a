#include "codec/package_unpacker.hpp"

#include <array>
#include <chrono>
#include <cstdlib>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include <fcntl.h>
#include <signal.h>
#include <unistd.h>

#include "base/process.hpp"
#include "base/text.hpp"

namespace jaunt::codec {

namespace fs = std::filesystem;
using base::Error;
using base::ErrorKind;
using namespace std::chrono_literals;

namespace {

constexpr const char* kProgramName = "jaunt-unpack";

// What waits for a processor or a disk takes longer than its processor time.
constexpr int kPatience = 10;

fs::path program() {
  std::error_code ignored;
  if (const char* const given = std::getenv("JAUNT_UNPACK"))
    return given;
  const fs::path folder = fs::read_symlink("/proc/self/exe", ignored).parent_path();
  const std::array places{folder / kProgramName, folder.parent_path() / "libexec" / "jaunt" / kProgramName,
                          fs::path(JAUNT_LIBEXEC_FOLDER) / kProgramName, fs::path(JAUNT_BUILT_UNPACK)};
  for (const fs::path& place : places)
    if (::access(place.c_str(), X_OK) == 0)
      return place;
  throw Error(ErrorKind::not_found, "find", kProgramName, "it is not installed beside this program",
              "install jaunt again, or set JAUNT_UNPACK to its path");
}

// It says a line at most.
std::string told(int fd) {
  std::array<char, 4096> text;
  const auto got = ::read(fd, text.data(), text.size());
  return got > 0 ? base::last_line(std::string_view(text.data(), static_cast<std::size_t>(got))) : std::string();
}

[[noreturn]] void fail(const base::ExitStatus& status, const base::File& in, const std::string& cause) {
  const auto refuse = [&](ErrorKind kind, const std::string& otherwise) {
    throw Error(kind, "unpack", base::printable(in.path().string()), cause.empty() ? otherwise : cause);
  };
  if (status.code == kUnpackUnsupported)
    refuse(ErrorKind::unsupported, "it is of no known kind");
  if (status.code == kUnpackLimit || status.signal == SIGXFSZ || status.signal == SIGXCPU ||
      status.signal == SIGKILL)
    refuse(ErrorKind::limit, "it takes more than it may");
  if (status.code == kUnpackCorrupt || status.signal != 0)
    refuse(ErrorKind::corrupt, "its unpacking ended by " + status.describe());
  refuse(ErrorKind::io, "jaunt-unpack ended with " + status.describe());
  std::abort();
}

}  // namespace

void unpack(Unpacking how, const base::File& in, const base::File& out, const UnpackBounds& bounds,
            const base::CancelToken& cancel) {
  std::array<int, 2> ends{};
  if (::pipe2(ends.data(), O_CLOEXEC | O_NONBLOCK) != 0)
    base::throw_errno(errno, "make", "a pipe");
  const base::Fd reading(ends[0]);
  base::Fd writing(ends[1]);
  if (::lseek(in.fd(), 0, SEEK_SET) != 0)
    base::throw_errno(errno, "read", in.path().string());
  const base::Command command{
      .argv = {program().string(), how == Unpacking::package ? "package" : "plain",
               std::to_string(bounds.output_max.value), std::to_string(bounds.processor_time.count()),
               std::to_string(bounds.memory_max.value)},
      .environment = {},
      .confinement = {}};  // it fences itself, being itself what a fence would have to let through
  base::Child child = base::Child::start(command, {.in = in.fd(), .out = out.fd(), .err = writing.get()});
  writing.reset();
  const auto deadline = std::chrono::steady_clock::now() + bounds.processor_time * kPatience;
  std::optional<base::ExitStatus> status;
  while (!(status = child.wait_for(100ms))) {
    cancel.check();
    if (std::chrono::steady_clock::now() > deadline)
      throw Error(ErrorKind::limit, "unpack", base::printable(in.path().string()), "it did not end in time");
  }
  if (!status->success())
    fail(*status, in, told(reading.get()));
}

}  // namespace jaunt::codec
