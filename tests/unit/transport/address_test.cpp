#include "transport/address.hpp"

#include <doctest/doctest.h>

#include "support/failure.hpp"

using namespace jaunt;
using namespace jaunt::transport;
using base::ErrorKind;
using test_support::kind_of_failure;

TEST_CASE("Hosts, ports and IPv6 addresses are understood and written the same way") {
  CHECK(parse_address("storage.example.org") == Address{"storage.example.org", kDefaultPort});
  CHECK(parse_address("storage:80") == Address{"storage", 80});
  CHECK(parse_address("192.0.2.1:5300") == Address{"192.0.2.1", 5300});
  CHECK(parse_address("2001:db8::1") == Address{"2001:db8::1", kDefaultPort});
  CHECK(parse_address("[2001:db8::1]") == Address{"2001:db8::1", kDefaultPort});
  CHECK(parse_address("[fe80::1%eth0]:99") == Address{"fe80::1%eth0", 99});
  CHECK(parse_address(":5286") == Address{"", 5286});
  for (const char* const text : {"storage", "storage:80", "2001:db8::1", "[2001:db8::1]:99", ":5286"})
    CHECK(to_text(parse_address(text)) == text);
}

TEST_CASE("What is no address is refused") {
  for (const char* const text : {"", "host:", "host:65536", "host:8o", "[::1", "[::1]x", "a b", "a@b", "[]"})
    CHECK_MESSAGE(kind_of_failure([&] { parse_address(text); }) == ErrorKind::usage, text);
}

TEST_CASE("Numeric addresses need no resolver, and a host that does not exist is told by name") {
  CHECK(resolve({.host = "127.0.0.1"}, {}) == std::vector<std::string>{"127.0.0.1"});
  CHECK(resolve({.host = "::1"}, {}) == std::vector<std::string>{"::1"});
  CHECK(kind_of_failure([] { resolve({.host = "no-such-host.invalid"}, {}); }) == ErrorKind::not_found);
}

TEST_CASE("Waiting for the resolver ends when the work is cancelled") {
  const base::CancelToken cancel;
  cancel.cancel();
  try {
    resolve({.host = "no-such-host.invalid"}, cancel);
  } catch (const base::Cancelled&) {
  } catch (const base::Error& error) {  // it may be faster
    CHECK(error.kind() == ErrorKind::not_found);
  }
}
