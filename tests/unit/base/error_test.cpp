#include "base/error.hpp"

#include <cerrno>

#include <doctest/doctest.h>

using namespace jaunt::base;

TEST_CASE("An error reads as a sentence that names operation, subject and cause") {
  const Error error(ErrorKind::not_found, "open", "/images/web.qcow2", "No such file or directory");
  CHECK(std::string(error.what()) == "cannot open /images/web.qcow2: No such file or directory");
}

TEST_CASE("Context added on the way up keeps the kind and the remedy") {
  const Error inner(ErrorKind::no_space, "write", "/x", "No space left on device", "free some space");
  const Error outer = inner.within("describe", "web1");
  CHECK(outer.kind() == ErrorKind::no_space);
  CHECK(outer.remedy() == "free some space");
  CHECK(std::string(outer.what()) == "cannot describe web1: cannot write /x: No space left on device");
}

TEST_CASE("An errno becomes the kind that callers act upon") {
  const auto kind_of = [](int error_number) {
    try {
      throw_errno(error_number, "do", "this");
    } catch (const Error& error) {
      return error.kind();
    }
  };
  CHECK(kind_of(ENOENT) == ErrorKind::not_found);
  CHECK(kind_of(EACCES) == ErrorKind::auth);
  CHECK(kind_of(ENOSPC) == ErrorKind::no_space);
  CHECK(kind_of(EBUSY) == ErrorKind::busy);
  CHECK(kind_of(EIO) == ErrorKind::io);
}

TEST_CASE("Copies of a token share its cancellation") {
  const CancelToken token;
  const CancelToken copy = token;
  copy.check();
  token.cancel();
  CHECK(copy.cancelled());
  CHECK_THROWS_AS(copy.check(), Cancelled);
}
