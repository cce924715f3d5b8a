// Child programs: started without a shell, bounded in time and output, never outliving their owner.
#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <vector>

#include <sys/types.h>

#include "base/error.hpp"
#include "base/file.hpp"
#include "base/sandbox.hpp"
#include "base/units.hpp"

namespace jaunt::base {

struct Command {
  std::vector<std::string> argv;         // argv[0] is searched in PATH
  std::vector<std::string> environment;  // NAME=VALUE, added to ours
  std::optional<Confinement> confinement;
};

// How a child ended.
struct ExitStatus {
  int code = 0;    // when it exited
  int signal = 0;  // when a signal ended it

  bool success() const { return code == 0 && signal == 0; }
  std::string describe() const;  // "exit code 3", "signal 9"
};

// A running child. Destruction kills it and waits. The kernel also kills it when the thread that started it ends, so
// start children on threads that live as long as they do.
class Child {
 public:
  // The descriptors become the child's; -1 stands for /dev/null.
  struct Streams {
    int in = -1;
    int out = -1;
    int err = -1;
  };

  // Throws when the program cannot be started, naming it.
  static Child start(const Command& command, const Streams& streams);

  ~Child() { kill(); }
  Child(Child&& other) noexcept
      : pid_(std::exchange(other.pid_, -1)), name_(std::move(other.name_)), ended_(other.ended_) {}
  Child& operator=(Child&& other) noexcept;

  pid_t pid() const { return pid_; }
  const std::string& name() const { return name_; }

  // The status once it has ended, nullopt while it runs.
  std::optional<ExitStatus> poll();
  std::optional<ExitStatus> wait_for(std::chrono::milliseconds patience);
  void terminate();  // asks it to end
  void kill();       // ends it and reaps it; does nothing when it has ended

 private:
  Child(pid_t pid, std::string name) : pid_(pid), name_(std::move(name)) {}

  pid_t pid_ = -1;
  std::string name_;
  std::optional<ExitStatus> ended_;
};

struct Captured {
  ExitStatus status;
  std::string out;
  std::string err;
};

// Runs a program to its end with nothing on its standard input. More output than `bytes_max` or more time than
// `patience` kills it and is an Error of kind limit; a failing exit status is the caller's to judge.
Captured run(const Command& command, std::chrono::milliseconds patience, ByteCount bytes_max,
             const CancelToken& cancel = {});

}  // namespace jaunt::base
