// A connection to a libvirt daemon.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "hypervisor/domain.hpp"

struct _virConnect;

namespace jaunt::hypervisor {

struct ConnectionCloser {
  void operator()(_virConnect* connection) const;
};

// "9.0.0" of a version that libvirt gives as one number.
std::string version_text(unsigned long version);

struct LibvirtVersions {
  std::string library;     // of the client library in this process
  std::string daemon;      // of the daemon that answers
  std::string hypervisor;  // of its default QEMU; empty when it knows none
};

// An open connection. Any thread may use it; domains obtained from it may outlive it.
class Connection {
 public:
  // Throws an Error of kind hypervisor, or auth, whose remedy says how to get the daemon to answer.
  static Connection open(const std::string& uri = "qemu:///system");

  const std::string& uri() const { return uri_; }
  LibvirtVersions versions() const;

  // Path of the QEMU that libvirt takes by default on this host; empty when it has none.
  std::string emulator() const;

  // All domains, running or not, by name.
  std::vector<Domain> domains() const;
  // By name first, then by uuid.
  std::optional<Domain> find(std::string_view name_or_uuid) const;
  // The same; a domain that does not exist is a not_found Error.
  Domain get(std::string_view name_or_uuid) const;

  // A new persistent domain; busy when its name or UUID is taken. What this libvirt does not know yet, it ignores.
  Domain define(const std::string& xml) const;

  // For this folder's other sources.
  _virConnect* handle() const { return handle_.get(); }

 private:
  Connection(std::unique_ptr<_virConnect, ConnectionCloser> handle, std::string uri);

  std::unique_ptr<_virConnect, ConnectionCloser> handle_;
  std::string uri_;
};

}  // namespace jaunt::hypervisor
