#include "base/process.hpp"

#include <array>
#include <cerrno>
#include <cstring>
#include <thread>
#include <utility>

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

namespace jaunt::base {

namespace {

using namespace std::chrono_literals;

struct Pipe {
  Fd read;
  Fd write;
};

Pipe make_pipe() {
  std::array<int, 2> ends{};
  if (::pipe2(ends.data(), O_CLOEXEC) != 0)
    throw_errno(errno, "make", "a pipe");
  return {Fd(ends[0]), Fd(ends[1])};
}

std::vector<char*> pointers(const std::vector<std::string>& strings) {
  std::vector<char*> result;
  result.reserve(strings.size() + 1);
  for (const auto& text : strings)
    result.push_back(const_cast<char*>(text.c_str()));
  result.push_back(nullptr);
  return result;
}

std::vector<std::string> merged_environment(const std::vector<std::string>& added) {
  std::vector<std::string> result = added;
  const auto overridden = [&](std::string_view entry) {
    const auto name = entry.substr(0, entry.find('=') + 1);
    for (const auto& text : added)
      if (text.starts_with(name))
        return true;
    return false;
  };
  for (char** entry = ::environ; *entry != nullptr; ++entry)
    if (!overridden(*entry))
      result.emplace_back(*entry);
  return result;
}

// Between fork and exec: async-signal-safe calls only. Reports the failing errno through `report`.
[[noreturn]] void become(const std::vector<char*>& argv, const std::vector<char*>& environment,
                         const Child::Streams& streams, const PreparedConfinement* fence, pid_t parent, int report) {
  const auto fail = [&](int error_number) {
    [[maybe_unused]] const auto put = ::write(report, &error_number, sizeof error_number);
    ::_exit(127);
  };
  if (const int failed = fence != nullptr ? fence->apply() : 0)
    fail(failed);
  // After the change of identity, which would clear it.
  if (::prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0) != 0)
    fail(errno);
  if (::getppid() != parent)
    ::_exit(127);
  const int null = ::open("/dev/null", O_RDWR | O_CLOEXEC);
  const std::array<int, 3> wanted{streams.in, streams.out, streams.err};
  for (int i = 0; i < 3; ++i) {
    const int fd = wanted[static_cast<std::size_t>(i)] >= 0 ? wanted[static_cast<std::size_t>(i)] : null;
    if (::dup2(fd, i) < 0)
      fail(errno);
  }
  sigset_t none;
  sigemptyset(&none);
  ::sigprocmask(SIG_SETMASK, &none, nullptr);
  ::signal(SIGPIPE, SIG_DFL);
  ::execvpe(argv[0], argv.data(), environment.data());
  fail(errno);
  ::_exit(127);
}

ExitStatus decode(int status) {
  if (WIFSIGNALED(status))
    return {.code = 0, .signal = WTERMSIG(status)};
  return {.code = WEXITSTATUS(status), .signal = 0};
}

// Reads what is there; returns false at the end of the stream.
bool drain(int fd, std::string& into, ByteCount bytes_max, const std::string& name) {
  std::array<char, 16 * kKiB> buffer;
  const auto got = ::read(fd, buffer.data(), buffer.size());
  if (got < 0 && (errno == EINTR || errno == EAGAIN))
    return true;
  if (got < 0)
    throw_errno(errno, "read the output of", name);
  if (into.size() + static_cast<std::size_t>(got) > bytes_max.value)
    throw Error(ErrorKind::limit, "run", name, "it prints more than " + std::to_string(bytes_max.value) + " bytes");
  into.append(buffer.data(), static_cast<std::size_t>(got));
  return got > 0;
}

}  // namespace

std::string ExitStatus::describe() const {
  return signal != 0 ? "signal " + std::to_string(signal) : "exit code " + std::to_string(code);
}

Child Child::start(const Command& command, const Streams& streams) {
  invariant(!command.argv.empty(), "a command has a program");
  const auto argv = pointers(command.argv);
  const auto environment_strings = merged_environment(command.environment);
  const auto environment = pointers(environment_strings);
  std::optional<PreparedConfinement> fence;
  if (command.confinement)
    fence.emplace(*command.confinement);
  Pipe report = make_pipe();
  const pid_t parent = ::getpid();
  const pid_t pid = ::fork();
  if (pid < 0)
    throw_errno(errno, "start", command.argv[0]);
  if (pid == 0)
    become(argv, environment, streams, fence ? &*fence : nullptr, parent, report.write.get());
  Child child(pid, command.argv[0]);
  report.write.reset();
  int failed = 0;
  if (::read(report.read.get(), &failed, sizeof failed) == sizeof failed) {
    child.kill();
    throw_errno(failed, "start", command.argv[0]);
  }
  return child;
}

Child& Child::operator=(Child&& other) noexcept {
  if (this != &other) {
    kill();
    pid_ = std::exchange(other.pid_, -1);
    name_ = std::move(other.name_);
    ended_ = other.ended_;
  }
  return *this;
}

std::optional<ExitStatus> Child::poll() {
  if (!ended_ && pid_ > 0) {
    int status = 0;
    if (::waitpid(pid_, &status, WNOHANG) == pid_)
      ended_ = decode(status);
  }
  return ended_;
}

std::optional<ExitStatus> Child::wait_for(std::chrono::milliseconds patience) {
  const auto deadline = std::chrono::steady_clock::now() + patience;
  auto pause = 1ms;
  while (!poll() && std::chrono::steady_clock::now() < deadline) {
    std::this_thread::sleep_for(pause);
    pause = std::min(pause * 2, 50ms);
  }
  return ended_;
}

void Child::terminate() {
  if (pid_ > 0 && !poll())
    ::kill(pid_, SIGTERM);
}

void Child::kill() {
  if (pid_ <= 0 || poll())
    return;
  ::kill(pid_, SIGKILL);
  int status = 0;
  while (::waitpid(pid_, &status, 0) < 0 && errno == EINTR) {
  }
  ended_ = decode(status);
}

Captured run(const Command& command, std::chrono::milliseconds patience, ByteCount bytes_max,
             const CancelToken& cancel) {
  const auto deadline = std::chrono::steady_clock::now() + patience;
  Pipe out = make_pipe();
  Pipe err = make_pipe();
  Child child = Child::start(command, {.in = -1, .out = out.write.get(), .err = err.write.get()});
  out.write.reset();
  err.write.reset();
  Captured captured;
  std::array<pollfd, 2> waits{pollfd{out.read.get(), POLLIN, 0}, pollfd{err.read.get(), POLLIN, 0}};
  const auto too_late = [&] {
    if (std::chrono::steady_clock::now() >= deadline)
      throw Error(ErrorKind::limit, "run", command.argv[0], "it did not finish in time");
  };
  while (waits[0].fd >= 0 || waits[1].fd >= 0) {
    cancel.check();
    too_late();
    if (::poll(waits.data(), waits.size(), 100) < 0 && errno != EINTR)
      throw_errno(errno, "wait for", command.argv[0]);
    if (waits[0].revents != 0 && !drain(waits[0].fd, captured.out, bytes_max, child.name()))
      waits[0].fd = -1;
    if (waits[1].revents != 0 && !drain(waits[1].fd, captured.err, bytes_max, child.name()))
      waits[1].fd = -1;
    waits[0].revents = waits[1].revents = 0;
  }
  while (true) {
    if (const auto status = child.wait_for(100ms)) {
      captured.status = *status;
      return captured;
    }
    cancel.check();
    too_late();
  }
}

}  // namespace jaunt::base
