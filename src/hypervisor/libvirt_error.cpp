#include "hypervisor/libvirt_error.hpp"

#include <utility>

#include <libvirt/libvirt.h>
#include <libvirt/virterror.h>

#include "base/text.hpp"

namespace jaunt::hypervisor {

namespace {

using base::ErrorKind;

ErrorKind kind_of(int code) {
  switch (code) {
    case VIR_ERR_NO_DOMAIN:
    case VIR_ERR_NO_STORAGE_POOL:
    case VIR_ERR_NO_STORAGE_VOL:
    case VIR_ERR_NO_DOMAIN_SNAPSHOT:
    case VIR_ERR_NO_DOMAIN_CHECKPOINT:
    case VIR_ERR_NO_DOMAIN_BACKUP:
      return ErrorKind::not_found;
    case VIR_ERR_OPERATION_TIMEOUT:
    case VIR_ERR_RESOURCE_BUSY:
    case VIR_ERR_BLOCK_COPY_ACTIVE:
      return ErrorKind::busy;
    case VIR_ERR_AUTH_FAILED:
    case VIR_ERR_AUTH_CANCELLED:
    case VIR_ERR_AUTH_UNAVAILABLE:
    case VIR_ERR_ACCESS_DENIED:
    case VIR_ERR_OPERATION_DENIED:
      return ErrorKind::auth;
    case VIR_ERR_NO_SUPPORT:
    case VIR_ERR_CONFIG_UNSUPPORTED:
    case VIR_ERR_ARGUMENT_UNSUPPORTED:
    case VIR_ERR_OPERATION_UNSUPPORTED:
      return ErrorKind::unsupported;
    default:
      return ErrorKind::hypervisor;
  }
}

std::string remedy_of(int code) {
  switch (code) {
    case VIR_ERR_OPERATION_TIMEOUT:
      return "another job holds the domain; see 'virsh domjobinfo' and try again when it is over";
    case VIR_ERR_NO_DOMAIN:
      return "see 'virsh list --all' for the names of this connection's domains";
    case VIR_ERR_NO_STORAGE_POOL:
    case VIR_ERR_NO_STORAGE_VOL:
      return "see 'virsh pool-list --all'; a pool that is not active can be started with 'virsh pool-start'";
    case VIR_ERR_AUTH_FAILED:
    case VIR_ERR_AUTH_CANCELLED:
    case VIR_ERR_AUTH_UNAVAILABLE:
    case VIR_ERR_ACCESS_DENIED:
    case VIR_ERR_OPERATION_DENIED:
      return "run as root, or as a user in group libvirt";
    default:
      return {};
  }
}

}  // namespace

base::Error last_libvirt_error(std::string operation, std::string subject) {
  const virError* error = virGetLastError();
  const int code = error != nullptr ? error->code : VIR_ERR_OK;
  const char* message = error != nullptr ? error->message : nullptr;
  return base::Error(kind_of(code), std::move(operation), std::move(subject),
                     message != nullptr ? base::printable(message) : "libvirt gives no reason", remedy_of(code));
}

void throw_libvirt(std::string operation, std::string subject) {
  throw last_libvirt_error(std::move(operation), std::move(subject));
}

}  // namespace jaunt::hypervisor
