#include "hypervisor/guest_freeze.hpp"

#include <utility>

#include <fmt/format.h>
#include <libvirt/libvirt.h>

#include "base/error.hpp"
#include "base/file.hpp"
#include "base/text.hpp"
#include "hypervisor/libvirt_error.hpp"

namespace jaunt::hypervisor {

namespace {

// libvirt waits for ever by default; a guest's flush may take long, but not that long.
constexpr int kAgentPatienceSeconds = 30;
constexpr int kThawTries = 3;

bool try_thaw(const Domain& domain) {
  for (int i = 0; i < kThawTries; ++i)
    if (virDomainFSThaw(domain.handle(), nullptr, 0, 0) >= 0)
      return true;
  return false;
}

base::Error still_frozen(const Domain& domain) {
  const auto raw = last_libvirt_error("thaw the filesystems of", "domain " + base::printable(domain.name()));
  return base::Error(
      base::ErrorKind::guest, raw.operation(), raw.subject(), raw.cause(),
      fmt::format("'virsh domfsthaw {}', at once: the guest's writes wait for it", base::printable(domain.name())));
}

}  // namespace

GuestFreeze::GuestFreeze(const Domain& domain, std::filesystem::path note) : domain_(domain), note_(std::move(note)) {
  base::write_text_file(note_, "");
  virDomainAgentSetResponseTimeout(domain_.handle(), kAgentPatienceSeconds, 0);
  to_thaw_ = true;  // also after a failure: an agent that was late may have frozen all the same
  const int count = virDomainFSFreeze(domain_.handle(), nullptr, 0, 0);
  frozen_ = count > 0;
  if (count < 0)
    why_not_ = last_libvirt_error("freeze", "").cause();
  else if (count == 0)
    why_not_ = "its agent found no filesystem to freeze";
}

GuestFreeze::~GuestFreeze() {
  try {
    thaw();
  } catch (const base::Error&) {
    // The note stays for abandon_backup().
  }
}

void GuestFreeze::thaw() {
  if (!std::exchange(to_thaw_, false))
    return;
  if (!try_thaw(domain_) && frozen_)
    throw still_frozen(domain_);
  virDomainAgentSetResponseTimeout(domain_.handle(), VIR_DOMAIN_AGENT_RESPONSE_TIMEOUT_BLOCK, 0);
  std::filesystem::remove(note_);
}

void thaw_leftover(const Domain& domain, const std::filesystem::path& note) {
  std::error_code ignored;
  if (!std::filesystem::exists(note, ignored))
    return;
  if (domain.active() && parse_domain(domain.xml()).agent_connected && !try_thaw(domain))
    throw still_frozen(domain);
  std::filesystem::remove(note, ignored);
}

}  // namespace jaunt::hypervisor
