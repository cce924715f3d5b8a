#include "hypervisor/account.hpp"

#include <fcntl.h>
#include <pwd.h>
#include <sys/fsuid.h>
#include <unistd.h>

#include "base/file.hpp"

namespace jaunt::hypervisor {

namespace {

// This thread's accesses to files are those of the account while this lives.
class Impersonation {
 public:
  explicit Impersonation(const Account& account) {
    ::setfsgid(account.gid);
    ::setfsuid(account.uid);
  }
  ~Impersonation() {
    ::setfsuid(::geteuid());
    ::setfsgid(::getegid());
  }
  Impersonation(const Impersonation&) = delete;
  Impersonation& operator=(const Impersonation&) = delete;
};

bool may_enter(const std::filesystem::path& folder) {
  return static_cast<bool>(base::Fd(::open((folder / ".").c_str(), O_PATH | O_CLOEXEC)));
}

}  // namespace

std::optional<std::filesystem::path> closed_to(const Account& account, const std::filesystem::path& folder) {
  if (::geteuid() != 0 || account.uid == 0)
    return std::nullopt;
  const auto absolute = std::filesystem::absolute(folder);
  const Impersonation as(account);
  std::filesystem::path so_far;
  for (const auto& part : absolute) {
    so_far /= part;
    if (!may_enter(so_far))
      return so_far;
  }
  return std::nullopt;
}

std::optional<Account> packaged_qemu_account() {
  for (const char* name : {"libvirt-qemu", "qemu"})
    if (const passwd* entry = ::getpwnam(name))
      return Account{.uid = entry->pw_uid, .gid = entry->pw_gid};
  return std::nullopt;
}

}  // namespace jaunt::hypervisor
