// libvirt's XML as values: pure functions, bounded, for definitions of any origin. They throw only Errors of kind
// corrupt, unsupported or limit.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <sys/types.h>

#include "base/units.hpp"
#include "model/description.hpp"

namespace jaunt::hypervisor {

// What libvirt's own protocol allows for one string.
inline constexpr base::ByteCount kXmlMax{4 * base::kMiB};
// More files than any backing chain that QEMU would open.
inline constexpr std::size_t kChainMax = 200;

// An account on this host.
struct Account {
  uid_t uid = 0;
  gid_t gid = 0;
  bool operator==(const Account&) const = default;
};

// What a domain's definition says. Of the hardware, what only the connection knows (state, flags, snapshots) is
// empty; of the disks, sizes and everything that is read from their files. A pool volume's source is "pool/volume".
struct DomainXml {
  model::Hardware hardware;
  std::vector<model::Disk> disks;
  bool agent_connected = false;  // QEMU's guest agent is there and answers (running domains only)
  std::optional<Account> owner;  // whom the domain's QEMU runs as, where the definition says so
};
DomainXml parse_domain(std::string_view xml);

// `current` stays false: the connection knows it.
model::Snapshot parse_snapshot(std::string_view xml);

// The disks of the domain as they were when the snapshot was taken, of those whose state then is a file of its own:
// what they wrote to until that moment.
std::vector<model::Disk> parse_snapshot_disks(std::string_view xml);

// A running backup job.
struct BackupXml {
  bool pull = false;
  std::string socket;                      // of its NBD server, when that is a unix socket
  std::vector<std::string> scratch_files;  // or, of a push backup, its targets
};
BackupXml parse_backup(std::string_view xml);

// The emulator that libvirt would use, from its domain capabilities; empty when they name none.
std::string parse_emulator(std::string_view domain_capabilities);

}  // namespace jaunt::hypervisor
