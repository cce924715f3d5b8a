// The one error class, cancellation, and invariants.
#pragma once

#include <atomic>
#include <exception>
#include <memory>
#include <string>
#include <string_view>

namespace jaunt::base {

// Closed: callers and exit codes depend on it.
enum class ErrorKind {
  usage,         // the caller asked for something that cannot be meant
  not_found,     // the named thing does not exist
  corrupt,       // foreign bytes break their format
  unsupported,   // well-formed, but beyond what this version handles
  incompatible,  // this host or peer cannot take it
  verify,        // bytes disagree with their hash
  limit,         // a stated bound would be exceeded
  io,            // the operating system failed
  no_space,
  busy,   // somebody else holds it; later it may work
  auth,   // not permitted
  peer,   // the other node failed or is unreachable
  guest,  // the appliance could not work with the guest's disk
  hypervisor,
};

std::string_view to_string(ErrorKind kind);

// What went wrong: the operation (a verb), the subject (which path, block, domain, node), the cause, and what the
// reader may do about it. what() reads "cannot OPERATION SUBJECT: CAUSE".
class Error : public std::exception {
 public:
  Error(ErrorKind kind, std::string operation, std::string subject, std::string cause, std::string remedy = {});

  const char* what() const noexcept override { return message_.c_str(); }
  ErrorKind kind() const { return kind_; }
  const std::string& operation() const { return operation_; }
  const std::string& subject() const { return subject_; }
  const std::string& cause() const { return cause_; }
  const std::string& remedy() const { return remedy_; }

  // The same error seen from one level up: the message becomes "cannot OPERATION SUBJECT: <old message>".
  Error within(std::string operation, std::string subject) const;

 private:
  ErrorKind kind_;
  std::string operation_;
  std::string subject_;
  std::string cause_;
  std::string remedy_;
  std::string message_;
};

// Throws the Error of an errno value; `error_number` is taken right after the failing call, on its thread.
[[noreturn]] void throw_errno(int error_number, std::string operation, std::string subject);

// Work was cancelled. Deliberately not an Error, so that no handler of errors swallows it.
struct Cancelled {};

// A flag that one side raises and long work looks at. Copies share the flag; any thread.
class CancelToken {
 public:
  CancelToken() : flag_(std::make_shared<std::atomic<bool>>(false)) {}

  void cancel() const { flag_->store(true, std::memory_order_relaxed); }
  bool cancelled() const { return flag_->load(std::memory_order_relaxed); }
  void check() const {
    if (cancelled())
      throw Cancelled{};
  }

 private:
  std::shared_ptr<std::atomic<bool>> flag_;
};

// Aborts, in every build, when the program itself is wrong.
void invariant(bool holds, const char* what);

}  // namespace jaunt::base
