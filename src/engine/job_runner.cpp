#include "engine/job_runner.hpp"

#include <array>
#include <cerrno>

#include <fcntl.h>
#include <unistd.h>

namespace jaunt::engine {

using namespace std::chrono_literals;

namespace {

constexpr std::size_t kLineBytesMax = base::kMiB;  // of our own program
constexpr auto kPatience = 20s;                    // until an attempt that shall stop is killed

}  // namespace

JobRunner::JobRunner(const base::Command& program) : lines_(kLineBytesMax) {
  std::array<int, 2> ends{};
  if (::pipe2(ends.data(), O_CLOEXEC) != 0)
    base::throw_errno(errno, "make", "a pipe");
  out_ = base::Fd(ends[0]);
  const base::Fd theirs(ends[1]);
  if (::fcntl(out_.get(), F_SETFL, O_NONBLOCK) != 0)
    base::throw_errno(errno, "change", "a pipe");
  child_ = base::Child::start(program, {.in = -1, .out = theirs.get(), .err = STDERR_FILENO});
}

void JobRunner::read(const std::function<void(const std::string&)>& line) {
  std::array<char, 16 * base::kKiB> buffer;
  while (!silent_) {
    const auto got = ::read(out_.get(), buffer.data(), buffer.size());
    if (got < 0 && errno == EINTR)
      continue;
    if (got < 0 && errno == EAGAIN)
      return;
    silent_ = got <= 0 || !lines_.add({buffer.data(), static_cast<std::size_t>(got)});
    while (const auto next = lines_.next())
      line(*next);
  }
}

std::optional<base::ExitStatus> JobRunner::ended() {
  return silent_ ? child_->poll() : std::nullopt;
}

void JobRunner::interrupt(Clock::time_point now) {
  if (!interrupted_) {
    interrupted_ = now;
    child_->terminate();
  } else if (now - *interrupted_ > kPatience) {
    child_->kill();
  }
}

}  // namespace jaunt::engine
