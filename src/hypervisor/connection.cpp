#include "hypervisor/connection.hpp"

#include <algorithm>
#include <cstdlib>
#include <utility>

#include <fmt/format.h>
#include <libvirt/libvirt.h>
#include <libvirt/virterror.h>

#include "base/text.hpp"
#include "hypervisor/event_loop.hpp"
#include "hypervisor/libvirt_error.hpp"

namespace jaunt::hypervisor {

namespace {

using base::Error;
using base::ErrorKind;

// A daemon that stops answering ends the connection after about half a minute.
constexpr int kKeepAliveSeconds = 5;
constexpr unsigned kKeepAliveCount = 5;

Error connect_error(const std::string& uri) {
  const Error raw = last_libvirt_error("connect to", uri);
  if (raw.kind() == ErrorKind::auth || raw.cause().ends_with("Permission denied"))
    return Error(ErrorKind::auth, "connect to", uri, raw.cause(), "run as root, or as a user in group libvirt");
  return Error(ErrorKind::hypervisor, "connect to", uri, raw.cause(),
               "start the daemon with 'systemctl start libvirtd' (package libvirt-daemon-system), or name another "
               "connection");
}

}  // namespace

void ConnectionCloser::operator()(_virConnect* connection) const {
  virConnectClose(connection);
}

std::string version_text(unsigned long version) {
  return fmt::format("{}.{}.{}", version / 1000000, version / 1000 % 1000, version % 1000);
}

Connection::Connection(std::unique_ptr<_virConnect, ConnectionCloser> handle, std::string uri)
    : handle_(std::move(handle)), uri_(std::move(uri)) {}

Connection Connection::open(const std::string& uri) {
  ensure_event_loop();
  std::unique_ptr<_virConnect, ConnectionCloser> handle(virConnectOpen(uri.c_str()));
  if (!handle)
    throw connect_error(uri);
  // Refused by drivers without a daemon behind them, which cannot hang.
  virConnectSetKeepAlive(handle.get(), kKeepAliveSeconds, kKeepAliveCount);
  return Connection(std::move(handle), uri);
}

LibvirtVersions Connection::versions() const {
  unsigned long library = 0;
  unsigned long daemon = 0;
  unsigned long hypervisor = 0;
  if (virGetVersion(&library, nullptr, nullptr) != 0 || virConnectGetLibVersion(handle_.get(), &daemon) != 0)
    throw_libvirt("ask for the version of", uri_);
  const bool known = virConnectGetVersion(handle_.get(), &hypervisor) == 0 && hypervisor != 0;
  return {version_text(library), version_text(daemon), known ? version_text(hypervisor) : ""};
}

std::string Connection::emulator() const {
  char* raw = virConnectGetDomainCapabilities(handle_.get(), nullptr, nullptr, nullptr, nullptr, 0);
  if (raw == nullptr)
    return "";  // no hypervisor here: an answer, too
  const std::string capabilities(raw);
  std::free(raw);
  return parse_emulator(capabilities);
}

std::vector<Domain> Connection::domains() const {
  virDomainPtr* raw = nullptr;
  const int count = virConnectListAllDomains(handle_.get(), &raw, 0);
  if (count < 0)
    throw_libvirt("list the domains of", uri_);
  std::vector<DomainHandle> handles;
  for (int i = 0; i < count; ++i)
    handles.emplace_back(raw[i]);
  std::free(raw);
  std::vector<Domain> result;
  for (auto& handle : handles)
    result.emplace_back(std::move(handle), uri_);
  std::sort(result.begin(), result.end(), [](const Domain& a, const Domain& b) { return a.name() < b.name(); });
  return result;
}

std::optional<Domain> Connection::find(std::string_view name_or_uuid) const {
  const std::string wanted(name_or_uuid);
  const auto absent = [] {
    const int code = virGetLastErrorCode();
    // What is no uuid at all cannot be one that exists.
    return code == VIR_ERR_NO_DOMAIN || code == VIR_ERR_INVALID_ARG;
  };
  DomainHandle handle(virDomainLookupByName(handle_.get(), wanted.c_str()));
  if (!handle && absent())
    handle.reset(virDomainLookupByUUIDString(handle_.get(), wanted.c_str()));
  if (handle)
    return Domain(std::move(handle), uri_);
  if (!absent())
    throw_libvirt("look up", "domain " + base::printable(wanted));
  return std::nullopt;
}

Domain Connection::get(std::string_view name_or_uuid) const {
  if (auto domain = find(name_or_uuid))
    return std::move(*domain);
  throw Error(ErrorKind::not_found, "find", "domain " + base::printable(name_or_uuid), "no such domain at " + uri_,
              "see 'virsh list --all' for the names of this connection's domains");
}

Domain Connection::define(const std::string& xml) const {
  const DomainXml definition = parse_domain(xml);
  const std::string subject = "domain " + base::printable(definition.hardware.name);
  // libvirt would redefine a domain of the same name and UUID.
  for (const std::string& taken : {definition.hardware.name, definition.hardware.uuid})
    if (!taken.empty() && find(taken))
      throw Error(ErrorKind::busy, "define", subject, base::printable(taken) + " exists at " + uri_,
                  "give it another name with --as");
  DomainHandle handle(virDomainDefineXMLFlags(handle_.get(), xml.c_str(), 0));
  if (!handle)
    throw_libvirt("define", subject);
  return Domain(std::move(handle), uri_);
}

}  // namespace jaunt::hypervisor
