// Where a node listens.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.hpp"

namespace jaunt::transport {

inline constexpr std::uint16_t kDefaultPort = 5286;

struct Address {
  std::string host;                   // a name, or an IPv4 or IPv6 address without brackets; empty: every interface
  std::uint16_t port = kDefaultPort;  // 0: any that is free, to listen at

  bool operator==(const Address&) const = default;
};

// "host", "host:port", "192.0.2.1:port", "[2001:db8::1]:port", "2001:db8::1", ":port". Throws usage.
Address parse_address(std::string_view text);
// The same text, with the port only where it is not the default one.
std::string to_text(const Address& address);

// The numeric addresses of a host, as the system's resolver orders them. Throws not_found.
std::vector<std::string> resolve(const Address& address, const base::CancelToken& cancel);

}  // namespace jaunt::transport
