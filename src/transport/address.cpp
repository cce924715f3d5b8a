#include "transport/address.hpp"

#include <array>
#include <charconv>
#include <chrono>
#include <condition_variable>
#include <memory>
#include <mutex>
#include <optional>
#include <thread>

#include <fmt/format.h>
#include <netdb.h>
#include <sys/socket.h>

#include "base/text.hpp"

namespace jaunt::transport {

using namespace std::chrono_literals;
using base::Error;
using base::ErrorKind;

namespace {

constexpr std::size_t kHostBytesMax = 253;
constexpr auto kLookAtToken = 50ms;

[[noreturn]] void refuse(std::string_view text, const char* cause) {
  throw Error(ErrorKind::usage, "understand the address", base::printable(text), cause,
              "write it like host, host:5286, 192.0.2.1 or [2001:db8::1]:5286");
}

std::optional<std::uint16_t> port_from(std::string_view digits) {
  std::uint16_t port = 0;
  const auto [end, failure] = std::from_chars(digits.data(), digits.data() + digits.size(), port);
  const bool whole = failure == std::errc() && end == digits.data() + digits.size();
  return whole ? std::optional(port) : std::nullopt;
}

// What getaddrinfo says, which cannot be interrupted: whoever gives up waiting leaves it to its thread.
struct Resolution {
  std::mutex mutex;
  std::condition_variable changed;
  bool done = false;
  int failure = 0;
  std::vector<std::string> found;
};

void ask_system(const std::string& host, Resolution& resolution, int flags) {
  addrinfo hints{};
  hints.ai_socktype = SOCK_STREAM;
  hints.ai_flags = flags;
  addrinfo* list = nullptr;
  const int failure = ::getaddrinfo(host.c_str(), nullptr, &hints, &list);
  std::vector<std::string> found;
  for (const addrinfo* one = failure == 0 ? list : nullptr; one != nullptr; one = one->ai_next) {
    std::array<char, NI_MAXHOST> text{};
    if (::getnameinfo(one->ai_addr, one->ai_addrlen, text.data(), text.size(), nullptr, 0, NI_NUMERICHOST) == 0)
      found.emplace_back(text.data());
  }
  if (failure == 0)
    ::freeaddrinfo(list);
  const std::scoped_lock lock(resolution.mutex);
  resolution.failure = failure;
  resolution.found = std::move(found);
  resolution.done = true;
  resolution.changed.notify_all();
}

}  // namespace

Address parse_address(std::string_view text) {
  Address address;
  std::string_view port;
  bool has_port = false;
  if (text.starts_with("[")) {
    const auto close = text.find(']');
    if (close == text.npos)
      refuse(text, "its bracket is not closed");
    address.host = text.substr(1, close - 1);
    const std::string_view rest = text.substr(close + 1);
    has_port = !rest.empty();
    if (has_port && !rest.starts_with(":"))
      refuse(text, "only a port may come after the bracket");
    port = has_port ? rest.substr(1) : rest;
  } else {
    const auto colon = text.find(':');
    has_port = colon != text.npos && text.find(':', colon + 1) == text.npos;  // more than one: IPv6
    address.host = has_port ? text.substr(0, colon) : text;
    port = has_port ? text.substr(colon + 1) : "";
  }
  if (has_port) {
    const auto number = port_from(port);
    if (!number)
      refuse(text, "a port is a number up to 65535");
    address.port = *number;
  }
  if (address.host.size() > kHostBytesMax || base::printable(address.host) != address.host ||
      address.host.find_first_of(" /@[]") != address.host.npos)
    refuse(text, "it names no host");
  if (address.host.empty() && !has_port)
    refuse(text, "it is empty");
  return address;
}

std::string to_text(const Address& address) {
  const bool v6 = address.host.find(':') != address.host.npos;
  if (address.port == kDefaultPort && !address.host.empty())
    return address.host;
  return v6 ? fmt::format("[{}]:{}", address.host, address.port) : fmt::format("{}:{}", address.host, address.port);
}

std::vector<std::string> resolve(const Address& address, const base::CancelToken& cancel) {
  const auto resolution = std::make_shared<Resolution>();
  ask_system(address.host, *resolution, AI_NUMERICHOST);
  if (resolution->failure != 0) {
    resolution->done = false;
    std::thread([host = address.host, resolution] { ask_system(host, *resolution, AI_ADDRCONFIG); }).detach();
  }
  std::unique_lock lock(resolution->mutex);
  while (!resolution->changed.wait_for(lock, kLookAtToken, [&] { return resolution->done; }))
    cancel.check();
  if (resolution->found.empty())
    throw Error(ErrorKind::not_found, "find the host", base::printable(address.host),
                resolution->failure == 0 ? "it has no address" : ::gai_strerror(resolution->failure),
                "check its name, or give its address");
  return resolution->found;
}

}  // namespace jaunt::transport
