#include "engine/subject.hpp"

#include <algorithm>
#include <filesystem>

#include <fmt/format.h>

#include "base/error.hpp"
#include "base/text.hpp"
#include "hypervisor/storage.hpp"

namespace jaunt::engine {

namespace fs = std::filesystem;
using base::Error;
using base::ErrorKind;

namespace {

// The use of a file as the writable top of a domain's disk.
struct Use {
  hypervisor::Domain domain;
  std::string format;
};

// Of other people's domains; one that has gone meanwhile has none.
std::vector<model::Disk> disks_of(const hypervisor::Domain& domain) {
  try {
    std::vector<model::Problem> ignored;
    return domain.disks(ignored);
  } catch (const Error& failure) {
    if (failure.kind() != ErrorKind::not_found)
      throw;
    return {};
  }
}

std::optional<Use> use_of(const fs::path& path, const hypervisor::Connection& connection) {
  for (hypervisor::Domain& domain : connection.domains()) {
    for (const model::Disk& disk : disks_of(domain)) {
      std::error_code absent;
      if (!disk.layers.empty() && fs::equivalent(disk.layers.front().path, path, absent) && !disk.read_only)
        return Use{.domain = std::move(domain), .format = disk.format};
    }
  }
  return std::nullopt;
}

Subject image_subject(const std::string& name, disk::ImageSource image, Libvirt& libvirt) {
  if (const hypervisor::Connection* connection = libvirt.reachable())
    if (const auto use = use_of(image.path, *connection)) {
      if (use->domain.active())
        throw Error(ErrorKind::busy, "read", base::printable(name),
                    fmt::format("the domain {} runs on it", base::printable(use->domain.name())),
                    fmt::format("jaunt describe {}", base::printable(use->domain.name())));
      if (!image.format && !use->format.empty())
        image.format = use->format;
    }
  return {.name = name, .domain = std::nullopt, .image = std::move(image)};
}

[[noreturn]] void not_found(const std::string& name, const Libvirt& libvirt) {
  const std::string cause =
      libvirt.why() ? fmt::format("there is no such file, and libvirt cannot be asked: {}", libvirt.why()->what())
                    : "there is neither such a domain, nor such a file, nor such a volume";
  throw Error(ErrorKind::not_found, "find", base::printable(name), cause,
              libvirt.why() ? libvirt.why()->remedy() : "`virsh list --all` shows the domains");
}

}  // namespace

const hypervisor::Connection& Libvirt::connection() {
  if (const auto* connection = reachable())
    return *connection;
  throw Error(*failure_);
}

const hypervisor::Connection* Libvirt::reachable() {
  if (!connection_ && !failure_) {
    try {
      connection_ = hypervisor::Connection::open(uri_);
    } catch (const Error& failure) {
      failure_ = failure;
    }
  }
  return connection_ ? &*connection_ : nullptr;
}

Subject resolve_subject(const std::string& name, const std::optional<std::string>& format, Libvirt& libvirt) {
  const bool path_like = name.find('/') != name.npos;
  if (!path_like)
    if (const hypervisor::Connection* connection = libvirt.reachable())
      if (auto domain = connection->find(name))
        return {.name = name, .domain = std::move(domain), .image = {}};
  std::error_code unreadable;
  if (fs::exists(name, unreadable))
    return image_subject(name, {.path = fs::absolute(name), .format = format}, libvirt);
  if (path_like && !name.starts_with("/"))
    if (const hypervisor::Connection* connection = libvirt.reachable())
      if (const auto volume = hypervisor::find_volume(*connection, name)) {
        // libvirt learns a volume's format from its first bytes, which in a raw disk are the guest's. That it is raw
        // can be believed, because nothing else is read through a raw file.
        const bool raw = !format && volume->format == "raw";
        return image_subject(name, {.path = volume->path, .format = raw ? volume->format : format}, libvirt);
      }
  not_found(name, libvirt);
}

disk::Policy image_policy(const Config& config, Libvirt& libvirt) {
  disk::Policy policy{.folders = config.image_folders, .devices = config.image_devices};
  if (config.image_pools)
    if (const hypervisor::Connection* connection = libvirt.reachable())
      for (fs::path& folder : hypervisor::pool_folders(*connection))
        policy.folders.push_back(std::move(folder));
  return policy;
}

}  // namespace jaunt::engine
