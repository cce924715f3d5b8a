#include "engine/daemon.hpp"

#include <algorithm>
#include <atomic>
#include <exception>
#include <optional>
#include <thread>

#include <fmt/format.h>

#include "engine/control_server.hpp"
#include "engine/daemon_jobs.hpp"
#include "engine/daemon_metrics.hpp"
#include "engine/metrics_server.hpp"
#include "engine/service_notice.hpp"
#include "identity/node_key.hpp"

namespace jaunt::engine {

using base::Error;
using base::ErrorKind;
using namespace std::chrono_literals;

namespace {

constexpr auto kLook = 250ms;       // for jobs that are due, and for the end
constexpr auto kStopsWithin = 30s;  // jobs that shall; what does not is killed and gone on with later

// Answers peers on a thread of its own, as long as it lives.
class Answering {
 public:
  Answering(ServeOptions options, const Workplace& workplace) : workplace_(workplace), options_(std::move(options)) {
    options_.listening = [this, told = options_.listening](const auto& addresses) {
      told(addresses);
      ready_ = true;
    };
    thread_ = std::thread([this] {
      try {
        serve(options_, workplace_);
      } catch (...) {
        failure_ = std::current_exception();
      }
      over_ = true;
    });
  }
  ~Answering() { thread_.join(); }
  Answering(const Answering&) = delete;
  Answering& operator=(const Answering&) = delete;

  bool ready() const { return ready_; }
  // Throws what ended it.
  void check() const {
    if (over_ && failure_)
      std::rethrow_exception(failure_);
  }

 private:
  const Workplace& workplace_;
  ServeOptions options_;
  std::atomic<bool> ready_ = false;
  std::atomic<bool> over_ = false;
  std::exception_ptr failure_;
  std::thread thread_;
};

class Daemon {
 public:
  Daemon(const DaemonOptions& options, const Workplace& workplace)
      : options_(options),
        workplace_(workplace),
        only_(FileLock::take(workplace.home.path() / "daemon.lock")),
        jobs_({.at_once = std::max(1U, workplace.config.daemon_jobs), .attempt = options.attempt, .watch = watch()},
              workplace),
        control_(jobs_, workplace, options.serve.log) {
    if (const auto port = workplace.config.daemon_metrics_port.number; port != 0)
      metrics_server_.emplace(port, [this] { return metrics_.text(jobs_.running(), jobs_.waiting()); });
  }

  void run() {
    const Workplace there{workplace_.home, workplace_.config, workplace_.progress, stop_};
    std::optional<Answering> answering;
    const Until until(stop_);
    if (has_key())
      answering.emplace(serve_options(), there);  // which cleans up after others, too
    else
      clean_up_after_others(workplace_);
    while (!workplace_.cancel.cancelled()) {
      if (answering)
        answering->check();
      if (!ready_ && (!answering || answering->ready()))
        begin();
      turn();
    }
    notify_service("STOPPING=1");
    control_.say_goodbye();
    stop_.cancel();
    stop_jobs();
  }

 private:
  // Raises the token also when an error ends the scope.
  struct Until {
    explicit Until(base::CancelToken raised) : token(std::move(raised)) {}
    ~Until() { token.cancel(); }
    Until(const Until&) = delete;
    Until& operator=(const Until&) = delete;
    base::CancelToken token;
  };

  JobWatch watch() {
    return {
        .heard =
            [this](const std::string& job, const std::string& line, bool last) {
              metrics_.count_line(line, last);
              control_.tell(job, line, last);
            },
        .log = options_.serve.log,
        .failed =
            [this](const Error& why) { metrics_.count_failed_attempt(std::string(base::to_string(why.kind()))); }};
  }

  ServeOptions serve_options() {
    ServeOptions serve = options_.serve;
    serve.refused = [this] { metrics_.count_peer_refused(); };
    serve.welcomed = [this] { metrics_.count_conversation(); };
    return serve;
  }

  // One that has none carries out jobs of homes on this host at most.
  bool has_key() const {
    try {
      identity::NodeKey::load(workplace_.home.path());
      return true;
    } catch (const Error& failure) {
      if (failure.kind() != ErrorKind::not_found)
        throw;
      options_.serve.log("peers are not answered, for this node has no key; `jaunt node init` makes one");
      return false;
    }
  }

  void begin() {
    jobs_.load();
    ready_ = true;
    options_.serve.log("ready");
    notify_service("READY=1");
  }

  void turn() {
    PollSet set;
    jobs_.watch(set);
    control_.watch(set);
    if (metrics_server_)
      metrics_server_->watch(set);
    set.wait(kLook);
    const auto now = JobRunner::Clock::now();
    if (ready_)
      jobs_.tick(now);
    control_.tick(now);
    if (metrics_server_)
      metrics_server_->tick(now);
  }

  void stop_jobs() {
    jobs_.drain();
    const auto deadline = JobRunner::Clock::now() + kStopsWithin;
    do
      turn();
    while (jobs_.running() > 0 && JobRunner::Clock::now() < deadline);
  }

  const DaemonOptions& options_;
  const Workplace& workplace_;
  const FileLock only_;
  bool ready_ = false;
  base::CancelToken stop_;  // of those that answer peers
  DaemonMetrics metrics_;
  DaemonJobs jobs_;
  ControlServer control_;
  std::optional<MetricsServer> metrics_server_;
};

}  // namespace

void run_daemon(const DaemonOptions& options, const Workplace& workplace) {
  Daemon(options, workplace).run();
}

}  // namespace jaunt::engine
