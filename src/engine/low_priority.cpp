#include "engine/low_priority.hpp"

#include <sched.h>
#include <sys/syscall.h>
#include <unistd.h>

namespace jaunt::engine {

namespace {

// As in <linux/ioprio.h>, which no longer compiles as C++ in newer kernels' headers.
constexpr int kThisProcess = 1;
constexpr int kIdleClass = 3 << 13;

}  // namespace

void lower_priority() {
  // Neither needs a privilege; where one is refused the work is done all the same.
  const sched_param none{};
  ::sched_setscheduler(0, SCHED_IDLE, &none);
  ::syscall(SYS_ioprio_set, kThisProcess, 0, kIdleClass);
}

}  // namespace jaunt::engine
