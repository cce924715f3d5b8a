#include "hypervisor/domain.hpp"

#include <array>
#include <cstdlib>
#include <utility>

#include <fmt/format.h>
#include <libvirt/libvirt.h>
#include <libvirt/virterror.h>

#include "base/text.hpp"
#include "hypervisor/libvirt_error.hpp"

namespace jaunt::hypervisor {

namespace {

using base::Error;
using base::ErrorKind;

template <auto Free>
struct Freer {
  template <typename Object>
  void operator()(Object* object) const {
    Free(object);
  }
};
using Text = std::unique_ptr<char, Freer<std::free>>;
using Pool = std::unique_ptr<virStoragePool, Freer<virStoragePoolFree>>;
using Volume = std::unique_ptr<virStorageVol, Freer<virStorageVolFree>>;
using SnapshotHandle = std::unique_ptr<virDomainSnapshot, Freer<virDomainSnapshotFree>>;
using CheckpointHandle = std::unique_ptr<virDomainCheckpoint, Freer<virDomainCheckpointFree>>;

// Takes over an array that libvirt allocated.
template <typename Owner>
std::vector<Owner> adopt(typename Owner::pointer* raw, int count) {
  std::vector<Owner> owned;
  for (int i = 0; i < count; ++i)
    owned.emplace_back(raw[i]);
  std::free(raw);
  return owned;
}

// Snapshots and checkpoints exist only with drivers that know them.
bool knows_none() {
  return virGetLastErrorCode() == VIR_ERR_NO_SUPPORT || virGetLastErrorCode() == VIR_ERR_OPERATION_UNSUPPORTED;
}

bool yes(int answer, const char* question, const std::string& name) {
  if (answer < 0)
    throw_libvirt(question, "domain " + base::printable(name));
  return answer > 0;
}

Volume find_volume(virDomainPtr domain, const std::string& source) {
  const auto slash = source.find('/');
  const Pool pool(virStoragePoolLookupByName(virDomainGetConnect(domain), source.substr(0, slash).c_str()));
  if (!pool)
    throw_libvirt("find", "the pool of volume " + base::printable(source));
  Volume volume(virStorageVolLookupByName(pool.get(), source.substr(slash + 1).c_str()));
  if (!volume)
    throw_libvirt("find", "volume " + base::printable(source));
  return volume;
}

void resolve_volume(virDomainPtr domain, model::Disk& disk) {
  const auto volume = find_volume(domain, disk.source);
  const Text path(virStorageVolGetPath(volume.get()));
  virStorageVolInfo info{};
  if (!path || virStorageVolGetInfo(volume.get(), &info) != 0)
    throw_libvirt("examine", "volume " + base::printable(disk.source));
  disk.layers.front().path = path.get();
  disk.size = base::ByteCount(info.capacity);
}

void resolve(virDomainPtr domain, model::Disk& disk) {
  if (disk.source_type == "none")
    return;
  if (disk.source_type == "volume")
    resolve_volume(domain, disk);
  virDomainBlockInfo info{};
  // An image that cannot be read yet is a matter for whoever opens it.
  if (virDomainGetBlockInfo(domain, disk.target.c_str(), &info, 0) == 0)
    disk.size = base::ByteCount(info.capacity);
}

}  // namespace

void DomainCloser::operator()(_virDomain* domain) const {
  virDomainFree(domain);
}

Domain::Domain(DomainHandle handle, std::string uri) : handle_(std::move(handle)), uri_(std::move(uri)) {
  name_ = virDomainGetName(handle_.get());
  std::array<char, VIR_UUID_STRING_BUFLEN> uuid{};
  if (virDomainGetUUIDString(handle_.get(), uuid.data()) != 0)
    throw_libvirt("ask for the uuid of", "domain " + base::printable(name_));
  uuid_ = uuid.data();
}

Domain::Domain(const Domain& other) : uri_(other.uri_), name_(other.name_), uuid_(other.uuid_) {
  virDomainRef(other.handle_.get());
  handle_.reset(other.handle_.get());
}

bool Domain::active() const {
  return yes(virDomainIsActive(handle_.get()), "ask for the state of", name_);
}

bool Domain::persistent() const {
  return yes(virDomainIsPersistent(handle_.get()), "ask for the persistence of", name_);
}

std::string Domain::state() const {
  int state = 0;
  int reason = 0;
  if (virDomainGetState(handle_.get(), &state, &reason, 0) != 0)
    throw_libvirt("ask for the state of", "domain " + base::printable(name_));
  switch (state) {
    case VIR_DOMAIN_RUNNING:
      return "running";
    case VIR_DOMAIN_BLOCKED:
      return "idle";
    case VIR_DOMAIN_PAUSED:
      return "paused";
    case VIR_DOMAIN_SHUTDOWN:
      return "in shutdown";
    case VIR_DOMAIN_SHUTOFF:
      return "shut off";
    case VIR_DOMAIN_CRASHED:
      return "crashed";
    case VIR_DOMAIN_PMSUSPENDED:
      return "pmsuspended";
    default:
      return "no state";
  }
}

std::string Domain::xml() const {
  const Text text(virDomainGetXMLDesc(handle_.get(), 0));
  if (!text)
    throw_libvirt("read the definition of", "domain " + base::printable(name_));
  return text.get();
}

std::string Domain::inactive_xml() const {
  const Text text(virDomainGetXMLDesc(handle_.get(), VIR_DOMAIN_XML_INACTIVE));
  if (!text)
    throw_libvirt("read the definition of", "domain " + base::printable(name_));
  return text.get();
}

void Domain::start() const {
  if (virDomainCreate(handle_.get()) != 0)
    throw_libvirt("start", "domain " + base::printable(name_));
}

void Domain::undefine() const {
  if (virDomainUndefineFlags(handle_.get(), VIR_DOMAIN_UNDEFINE_KEEP_NVRAM | VIR_DOMAIN_UNDEFINE_KEEP_TPM) != 0)
    throw_libvirt("undefine", "domain " + base::printable(name_));
}

model::Hardware Domain::hardware() const {
  model::Hardware hardware = parse_domain(xml()).hardware;
  hardware.connection = uri_;
  hardware.state = state();
  hardware.persistent = persistent();
  int autostart = 0;
  // A transient domain has no autostart, and a managed save needs a definition to come back to.
  hardware.autostart = virDomainGetAutostart(handle_.get(), &autostart) == 0 && autostart != 0;
  hardware.managed_save = virDomainHasManagedSaveImage(handle_.get(), 0) > 0;
  hardware.snapshots = snapshots();
  hardware.checkpoints = checkpoints();
  hardware.domain_xml = inactive_xml();
  return hardware;
}

std::vector<model::Disk> Domain::disks(std::vector<model::Problem>& problems) const {
  auto disks = parse_domain(xml()).disks;
  for (auto& disk : disks) {
    try {
      resolve(handle_.get(), disk);
    } catch (const Error& error) {
      problems.push_back({fmt::format("disk {} of domain {}", disk.target, name_), error.what()});
    }
  }
  return disks;
}

std::vector<model::Snapshot> Domain::snapshots() const {
  std::vector<model::Snapshot> result;
  each_snapshot([&](const std::string& text, bool current) {
    result.push_back(parse_snapshot(text));
    result.back().current = current;
  });
  return result;
}

std::vector<Domain::SnapshotDisk> Domain::snapshot_disks() const {
  std::vector<SnapshotDisk> result;
  each_snapshot([&](const std::string& text, bool) {
    for (model::Disk& disk : parse_snapshot_disks(text))
      result.push_back({.snapshot = parse_snapshot(text).name, .disk = std::move(disk)});
  });
  return result;
}

void Domain::each_snapshot(const std::function<void(const std::string& xml, bool current)>& visit) const {
  virDomainSnapshotPtr* raw = nullptr;
  const int count = virDomainListAllSnapshots(handle_.get(), &raw, VIR_DOMAIN_SNAPSHOT_LIST_TOPOLOGICAL);
  if (count < 0 && knows_none())
    return;
  if (count < 0)
    throw_libvirt("list the snapshots of", "domain " + base::printable(name_));
  for (const auto& handle : adopt<SnapshotHandle>(raw, count)) {
    const Text text(virDomainSnapshotGetXMLDesc(handle.get(), 0));
    if (!text && virGetLastErrorCode() == VIR_ERR_NO_DOMAIN_SNAPSHOT)
      continue;  // deleted meanwhile
    if (!text)
      throw_libvirt("read a snapshot of", "domain " + base::printable(name_));
    visit(text.get(), virDomainSnapshotIsCurrent(handle.get(), 0) > 0);
  }
}

std::vector<std::string> Domain::checkpoints() const {
  virDomainCheckpointPtr* raw = nullptr;
  const int count = virDomainListAllCheckpoints(handle_.get(), &raw, VIR_DOMAIN_CHECKPOINT_LIST_TOPOLOGICAL);
  if (count < 0 && knows_none())
    return {};
  if (count < 0)
    throw_libvirt("list the checkpoints of", "domain " + base::printable(name_));
  std::vector<std::string> result;
  for (const auto& handle : adopt<CheckpointHandle>(raw, count))
    result.emplace_back(virDomainCheckpointGetName(handle.get()));
  return result;
}

std::string domain_type(bool kvm_usable) {
  return kvm_usable ? "kvm" : "qemu";
}

}  // namespace jaunt::hypervisor
