// What a person names: a libvirt domain, an image, or a volume of a pool.
#pragma once

#include <optional>
#include <string>

#include "base/error.hpp"
#include "disk/chain.hpp"
#include "engine/config.hpp"
#include "hypervisor/connection.hpp"

namespace jaunt::engine {

// libvirt, asked for only when something needs it. One thread.
class Libvirt {
 public:
  explicit Libvirt(std::string uri) : uri_(std::move(uri)) {}

  // Throws when it cannot be reached.
  const hypervisor::Connection& connection();
  // nullptr when it cannot be reached; why() tells.
  const hypervisor::Connection* reachable();
  const std::optional<base::Error>& why() const { return failure_; }

 private:
  std::string uri_;
  std::optional<hypervisor::Connection> connection_;
  std::optional<base::Error> failure_;
};

struct Subject {
  std::string name;                          // as it was asked for
  std::optional<hypervisor::Domain> domain;  // or
  disk::ImageSource image;
};

// A word without a slash is a domain's name or UUID first; a file of that name comes next. With a slash it is a path
// that exists, else POOL/VOLUME. An image of a domain that runs is busy: reading it as if it were still would give a
// state that never was.
Subject resolve_subject(const std::string& name, const std::optional<std::string>& format, Libvirt& libvirt);

// What the configuration, and libvirt where it says so, allow to be read.
disk::Policy image_policy(const Config& config, Libvirt& libvirt);

}  // namespace jaunt::engine
