#include "base/sandbox.hpp"

#include <array>
#include <cerrno>
#include <cstddef>
#include <cstdint>

#include <fcntl.h>
#include <linux/audit.h>
#include <linux/capability.h>
#include <linux/filter.h>
#include <linux/landlock.h>
#include <linux/seccomp.h>
#include <linux/securebits.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/error.hpp"

namespace jaunt::base {

namespace {

// The account every Linux system reserves for processes that own nothing.
constexpr uid_t kNobody = 65534;

constexpr std::uint64_t kReadFile = LANDLOCK_ACCESS_FS_READ_FILE;
constexpr std::uint64_t kReadAny = kReadFile | LANDLOCK_ACCESS_FS_READ_DIR;
constexpr std::uint64_t kWriteFile = kReadFile | LANDLOCK_ACCESS_FS_WRITE_FILE;
constexpr std::uint64_t kWriteAny = kReadAny | LANDLOCK_ACCESS_FS_WRITE_FILE | LANDLOCK_ACCESS_FS_REMOVE_FILE |
                                    LANDLOCK_ACCESS_FS_REMOVE_DIR | LANDLOCK_ACCESS_FS_MAKE_REG |
                                    LANDLOCK_ACCESS_FS_MAKE_DIR | LANDLOCK_ACCESS_FS_MAKE_SOCK |
                                    LANDLOCK_ACCESS_FS_MAKE_FIFO | LANDLOCK_ACCESS_FS_MAKE_SYM;
constexpr std::uint64_t kExecuteAny = kReadAny | LANDLOCK_ACCESS_FS_EXECUTE;
// Everything that Landlock's first version knows; what is handled and not granted is refused.
constexpr std::uint64_t kHandledSinceV1 = (LANDLOCK_ACCESS_FS_MAKE_SYM << 1) - 1;
// Truncating by name, known since version 3 (Linux 6.2): before that a confined writer could still empty files.
constexpr std::uint64_t kTruncate = 1ULL << 14;

constexpr std::array kSystemPaths{"/usr", "/lib", "/lib64", "/bin", "/sbin"};
constexpr std::array kSystemFiles{"/etc/ld.so.cache",     "/etc/ld.so.preload", "/etc/localtime",
                                  "/etc/nsswitch.conf",   "/etc/passwd",        "/etc/group",
                                  "/etc/ssl/openssl.cnf", "/dev/urandom",       "/proc/cpuinfo",
                                  "/proc/meminfo",        "/proc/filesystems",  "/sys/devices/system/cpu"};

#if defined(__x86_64__)
constexpr std::uint32_t kArchitecture = AUDIT_ARCH_X86_64;
#elif defined(__aarch64__)
constexpr std::uint32_t kArchitecture = AUDIT_ARCH_AARCH64;
#elif defined(__riscv) && __riscv_xlen == 64
constexpr std::uint32_t kArchitecture = AUDIT_ARCH_RISCV64;
#elif defined(__powerpc64__)
constexpr std::uint32_t kArchitecture = AUDIT_ARCH_PPC64LE;
#else
#error "name this architecture's AUDIT_ARCH constant here"
#endif
constexpr std::uint32_t kX32Calls = 0x40000000;  // x86-64's second set of call numbers, unused on the others

// Sockets other than unix ones are refused, and io_uring, which can make them too.
constexpr std::array kNetworkFilter{
    sock_filter BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(seccomp_data, arch)),
    sock_filter BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, kArchitecture, 1, 0),
    sock_filter BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_KILL_PROCESS),
    sock_filter BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(seccomp_data, nr)),
    sock_filter BPF_JUMP(BPF_JMP | BPF_JGE | BPF_K, kX32Calls, 0, 1),
    sock_filter BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_KILL_PROCESS),
    sock_filter BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_io_uring_setup, 0, 1),
    sock_filter BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | ENOSYS),
    sock_filter BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_socket, 1, 0),
    sock_filter BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
    sock_filter BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(seccomp_data, args)),  // the family: the low half
    sock_filter BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, AF_UNIX, 0, 1),
    sock_filter BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
    sock_filter BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | EACCES),
};

void allow(int ruleset, const std::filesystem::path& path, std::uint64_t if_folder, std::uint64_t if_file,
           bool must_exist) {
  const Fd target(::open(path.c_str(), O_PATH | O_CLOEXEC));
  if (!target) {
    if (!must_exist)
      return;
    throw_errno(errno, "open", path.string());
  }
  struct stat status {};
  if (::fstat(target.get(), &status) != 0)
    throw_errno(errno, "examine", path.string());
  landlock_path_beneath_attr rule{};
  rule.allowed_access = S_ISDIR(status.st_mode) ? if_folder : if_file;
  rule.parent_fd = target.get();
  if (::syscall(SYS_landlock_add_rule, ruleset, LANDLOCK_RULE_PATH_BENEATH, &rule, 0) != 0)
    throw_errno(errno, "fence a program to", path.string());
}

// From root to nobody, keeping one or two capabilities that pass through exec.
int drop_to_nobody(bool keep_writes) {
  if (::prctl(PR_SET_KEEPCAPS, 1, 0, 0, 0) != 0)
    return errno;
  if (::syscall(SYS_setgroups, 0, nullptr) != 0 || ::syscall(SYS_setresgid, kNobody, kNobody, kNobody) != 0 ||
      ::syscall(SYS_setresuid, kNobody, kNobody, kNobody) != 0)
    return errno;
  // Reading covers search; writing to files that others own needs the wider right, fenced by Landlock all the same.
  const unsigned capability = keep_writes ? CAP_DAC_OVERRIDE : CAP_DAC_READ_SEARCH;
  __user_cap_header_struct header{_LINUX_CAPABILITY_VERSION_3, 0};
  std::array<__user_cap_data_struct, 2> sets{};
  sets[0].effective = sets[0].permitted = sets[0].inheritable = 1u << capability;
  if (::syscall(SYS_capset, &header, sets.data()) != 0)
    return errno;
  return ::prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_RAISE, capability, 0, 0) == 0 ? 0 : errno;
}

int cut_network() {
  sock_fprog program{};
  program.len = kNetworkFilter.size();
  program.filter = const_cast<sock_filter*>(kNetworkFilter.data());
  return ::prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program, 0, 0) == 0 ? 0 : errno;
}

long landlock_version() {
  return ::syscall(SYS_landlock_create_ruleset, nullptr, 0, LANDLOCK_CREATE_RULESET_VERSION);
}

}  // namespace

bool confinement_available() {
  return landlock_version() >= 1;
}

PreparedConfinement::PreparedConfinement(const Confinement& rules)
    : memory_max_(rules.memory_max), writes_(!rules.write_paths.empty() || !rules.devices.empty()) {
  landlock_ruleset_attr attributes{};
  const std::uint64_t truncate = landlock_version() >= 3 ? kTruncate : 0;
  attributes.handled_access_fs = kHandledSinceV1 | truncate;
  ruleset_ = Fd(static_cast<int>(::syscall(SYS_landlock_create_ruleset, &attributes, sizeof attributes, 0)));
  if (!ruleset_)
    throw Error(ErrorKind::unsupported, "fence a program", "", "this kernel has no Landlock",
                "use a kernel of version 5.13 or later with landlock among its security modules");
  for (const char* path : kSystemPaths)
    allow(ruleset_.get(), path, kExecuteAny, kExecuteAny & ~LANDLOCK_ACCESS_FS_READ_DIR, false);
  for (const char* path : kSystemFiles)
    allow(ruleset_.get(), path, kReadAny, kReadFile, false);
  allow(ruleset_.get(), "/dev/null", kWriteFile | truncate, kWriteFile | truncate, false);
  for (const auto& path : rules.read_paths)
    allow(ruleset_.get(), path, kReadAny, kReadFile, true);
  for (const auto& path : rules.write_paths)
    allow(ruleset_.get(), path, kWriteAny | truncate, kWriteFile | truncate, true);
  for (const auto& path : rules.devices)
    allow(ruleset_.get(), path, kReadAny, kWriteFile, true);
}

int PreparedConfinement::apply() const {
  if (memory_max_) {
    const rlimit bound{memory_max_->value, memory_max_->value};
    if (::setrlimit(RLIMIT_AS, &bound) != 0)
      return errno;
  }
  if (::geteuid() == 0) {
    if (const int failed = drop_to_nobody(writes_))
      return failed;
  }
  if (::prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0 || ::syscall(SYS_landlock_restrict_self, ruleset_.get(), 0) != 0)
    return errno;
  return cut_network();
}

}  // namespace jaunt::base
