#include "base/error.hpp"

#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <system_error>
#include <utility>

namespace jaunt::base {

namespace {

ErrorKind kind_of_errno(int error_number) {
  switch (error_number) {
    case ENOENT:
    case ENOTDIR:
      return ErrorKind::not_found;
    case EACCES:
    case EPERM:
    case EROFS:
      return ErrorKind::auth;
    case ENOSPC:
    case EDQUOT:
      return ErrorKind::no_space;
    case EBUSY:
    case EAGAIN:
    case ETXTBSY:
      return ErrorKind::busy;
    case ENAMETOOLONG:
    case EMFILE:
    case ENFILE:
    case ENOMEM:
    case EFBIG:
      return ErrorKind::limit;
    default:
      return ErrorKind::io;
  }
}

}  // namespace

std::string_view to_string(ErrorKind kind) {
  switch (kind) {
    case ErrorKind::usage:
      return "usage";
    case ErrorKind::not_found:
      return "not_found";
    case ErrorKind::corrupt:
      return "corrupt";
    case ErrorKind::unsupported:
      return "unsupported";
    case ErrorKind::incompatible:
      return "incompatible";
    case ErrorKind::verify:
      return "verify";
    case ErrorKind::limit:
      return "limit";
    case ErrorKind::io:
      return "io";
    case ErrorKind::no_space:
      return "no_space";
    case ErrorKind::busy:
      return "busy";
    case ErrorKind::auth:
      return "auth";
    case ErrorKind::peer:
      return "peer";
    case ErrorKind::guest:
      return "guest";
    case ErrorKind::hypervisor:
      return "hypervisor";
  }
  invariant(false, "every error kind has a name");
  return {};
}

Error::Error(ErrorKind kind, std::string operation, std::string subject, std::string cause, std::string remedy)
    : kind_(kind),
      operation_(std::move(operation)),
      subject_(std::move(subject)),
      cause_(std::move(cause)),
      remedy_(std::move(remedy)),
      message_("cannot " + operation_ + (subject_.empty() ? "" : " " + subject_) + ": " + cause_) {}

Error Error::within(std::string operation, std::string subject) const {
  return Error(kind_, std::move(operation), std::move(subject), message_, remedy_);
}

void throw_errno(int error_number, std::string operation, std::string subject) {
  throw Error(kind_of_errno(error_number), std::move(operation), std::move(subject),
              std::generic_category().message(error_number));
}

void invariant(bool holds, const char* what) {
  if (holds)
    return;
  std::fprintf(stderr, "jaunt: broken invariant: %s\n", what);
  std::abort();
}

}  // namespace jaunt::base
