#include "codec/package_fence.hpp"

#include <array>
#include <cerrno>
#include <cstdint>
#include <memory>

#include <linux/capability.h>
#include <seccomp.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/error.hpp"
#include "base/sandbox.hpp"

namespace jaunt::codec {

namespace {

// A sanitizer's shadow takes terabytes of address space, and its report opens files.
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
constexpr bool kInstrumented = true;
#else
constexpr bool kInstrumented = false;
#endif

constexpr std::array kAllowed{
    SCMP_SYS(read),           SCMP_SYS(readv),        SCMP_SYS(pread64),     SCMP_SYS(write),
    SCMP_SYS(writev),         SCMP_SYS(pwrite64),     SCMP_SYS(lseek),       SCMP_SYS(fstat),
    SCMP_SYS(newfstatat),     SCMP_SYS(close),        SCMP_SYS(mmap),        SCMP_SYS(munmap),
    SCMP_SYS(mremap),         SCMP_SYS(mprotect),     SCMP_SYS(madvise),     SCMP_SYS(brk),
    SCMP_SYS(futex),          SCMP_SYS(rt_sigreturn), SCMP_SYS(sigaltstack), SCMP_SYS(rt_sigprocmask),
    SCMP_SYS(rt_sigaction),   SCMP_SYS(getpid),       SCMP_SYS(gettid),      SCMP_SYS(tgkill),
    SCMP_SYS(clock_gettime),  SCMP_SYS(getrandom),    SCMP_SYS(sched_yield), SCMP_SYS(exit),
    SCMP_SYS(restart_syscall), SCMP_SYS(exit_group)};

void bound(__rlimit_resource resource, std::uint64_t value) {
  const rlimit limit{value, value};
  if (::setrlimit(resource, &limit) != 0)
    base::throw_errno(errno, "bound", "the unpacking of packages");
}

void drop_capabilities() {
  __user_cap_header_struct header{_LINUX_CAPABILITY_VERSION_3, 0};
  const std::array<__user_cap_data_struct, 2> none{};
  if (::prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0) != 0 ||
      ::syscall(SYS_capset, &header, none.data()) != 0)
    base::throw_errno(errno, "give up the rights of", "the unpacking of packages");
}

void filter_calls() {
  const std::unique_ptr<void, void (*)(void*)> filter(::seccomp_init(SCMP_ACT_ERRNO(EPERM)),
                                                      [](void* context) { ::seccomp_release(context); });
  if (!filter)
    throw base::Error(base::ErrorKind::unsupported, "fence", "the unpacking of packages", "there is no seccomp here");
  int failed = 0;
  for (const int call : kAllowed)
    if (failed == 0)
      failed = ::seccomp_rule_add(filter.get(), SCMP_ACT_ALLOW, call, 0);
  if (failed == 0)
    failed = ::seccomp_load(filter.get());
  if (failed != 0)
    base::throw_errno(-failed, "fence", "the unpacking of packages");
}

}  // namespace

void fence_unpacking(const UnpackBounds& bounds) {
  if (const int failed = base::PreparedConfinement({}).apply())
    base::throw_errno(failed, "fence", "the unpacking of packages");
  // Which the change of identity has cleared.
  if (::prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0) != 0)
    base::throw_errno(errno, "bind to its owner", "the unpacking of packages");
  bound(RLIMIT_CPU, static_cast<std::uint64_t>(bounds.processor_time.count()));
  bound(RLIMIT_FSIZE, bounds.output_max.value);
  bound(RLIMIT_NOFILE, 16);
  bound(RLIMIT_CORE, 0);
  drop_capabilities();
  if (kInstrumented)
    return;
  bound(RLIMIT_AS, bounds.memory_max.value);
  filter_calls();
}

}  // namespace jaunt::codec
