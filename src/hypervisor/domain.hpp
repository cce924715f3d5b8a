// A libvirt domain: what it is made of, and whether it runs.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "hypervisor/xml.hpp"
#include "model/description.hpp"

struct _virDomain;

namespace jaunt::hypervisor {

struct DomainCloser {
  void operator()(_virDomain* domain) const;
};
using DomainHandle = std::unique_ptr<_virDomain, DomainCloser>;

// One domain of a connection, which it keeps open. Every call asks libvirt anew. Any thread.
class Domain {
 public:
  Domain(DomainHandle handle, std::string uri);
  Domain(const Domain& other);
  Domain& operator=(const Domain&) = delete;
  Domain(Domain&&) noexcept = default;
  Domain& operator=(Domain&&) noexcept = default;

  const std::string& uri() const { return uri_; }
  const std::string& name() const { return name_; }
  const std::string& uuid() const { return uuid_; }

  // Whether a QEMU exists for it now: running, paused, or crashed and kept.
  bool active() const;
  std::string state() const;  // in virsh's words: "running", "paused", "shut off", ...
  bool persistent() const;

  // The definition of what exists now: the live one of an active domain, else the inactive one.
  std::string xml() const;
  // What the next start would use; the live one for a transient domain, which has no other.
  std::string inactive_xml() const;

  void start() const;
  // Forgets a domain that is not active; what belongs to it, its firmware's variables too, stays where it is.
  void undefine() const;

  model::Hardware hardware() const;

  // All of them, as the live domain has them. layers[0].path is where a file, block device or pool volume is on this
  // host (a volume's source stays "pool/volume"); further layers are those that libvirt knows. size is what libvirt
  // says; zero when it cannot tell. What could not be found out goes into `problems`.
  std::vector<model::Disk> disks(std::vector<model::Problem>& problems) const;

  // What its disks held when its snapshots were taken, as far as that lies in files of their own.
  struct SnapshotDisk {
    std::string snapshot;
    model::Disk disk;
  };
  std::vector<SnapshotDisk> snapshot_disks() const;

  // For this folder's other sources.
  _virDomain* handle() const { return handle_.get(); }

 private:
  void each_snapshot(const std::function<void(const std::string& xml, bool current)>& visit) const;
  std::vector<model::Snapshot> snapshots() const;
  std::vector<std::string> checkpoints() const;

  DomainHandle handle_;
  std::string uri_;
  std::string name_;
  std::string uuid_;
};

// Watches a domain that was shut off while somebody reads its disks.
class DomainWatch {
 public:
  // `on_start` is called once at most, from libvirt's event thread; it must not block.
  explicit DomainWatch(const Domain& domain, std::function<void()> on_start = {});
  ~DomainWatch();
  DomainWatch(const DomainWatch&) = delete;
  DomainWatch& operator=(const DomainWatch&) = delete;

  // Whether the domain has been active at any moment since the watch began. A connection that broke counts as yes,
  // for nobody can know. Asks libvirt, so that events on their way are not missed.
  bool started() const;

 private:
  struct Shared;

  Domain domain_;
  std::shared_ptr<Shared> shared_;
  int callback_ = -1;
};

// The type that a definition must have on this host: "kvm", or "qemu" where KVM is unusable.
std::string domain_type(bool kvm_usable);

}  // namespace jaunt::hypervisor
