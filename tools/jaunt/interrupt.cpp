#include "interrupt.hpp"

#include <csignal>

#include <unistd.h>

namespace jaunt::cli {

namespace {

// Never destroyed, because a signal may come at any time.
const base::CancelToken& token() {
  static const base::CancelToken* const only = new base::CancelToken;
  return *only;
}

volatile std::sig_atomic_t raised = 0;

void on_signal(int signal) {
  if (raised != 0)
    ::_exit(130);
  raised = signal;
  token().cancel();
}

}  // namespace

base::CancelToken catch_interrupts() {
  token();  // made before a signal needs it
  struct sigaction action {};
  action.sa_handler = on_signal;
  for (const int signal : {SIGINT, SIGTERM, SIGHUP})
    ::sigaction(signal, &action, nullptr);
  std::signal(SIGPIPE, SIG_IGN);  // a reader that went away shows as a failed write
  return token();
}

base::CancelToken interrupted() {
  return token();
}

bool interrupted_by_hand() {
  return raised == SIGINT;
}

}  // namespace jaunt::cli
