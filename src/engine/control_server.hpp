// What the daemon answers on its control socket.
#pragma once

#include <list>
#include <memory>

#include "engine/control_request.hpp"
#include "engine/control_socket.hpp"
#include "engine/daemon_jobs.hpp"
#include "engine/line_buffer.hpp"
#include "engine/poll_set.hpp"

namespace jaunt::engine {

// How much of it there may be at once.
inline constexpr std::size_t kControlConnectionsMax = 64;

// One thread, and nobody who asks makes it wait.
class ControlServer {
 public:
  using Clock = JobRunner::Clock;

  ControlServer(DaemonJobs& jobs, const Workplace& workplace, std::function<void(const std::string&)> log);

  void watch(PollSet& set);
  // Ends conversations that say nothing.
  void tick(Clock::time_point now);
  // A line for those that follow the job.
  void tell(const std::string& job, const std::string& line, bool last);
  // Everybody who follows a job learns that the daemon goes.
  void say_goodbye();

 private:
  struct Connection {
    base::Fd fd;
    ControlPeer peer;
    LineBuffer in{kControlLineBytesMax};
    std::string out = {};
    std::string follows = {};  // a job's id
    Clock::time_point heard = Clock::now();
    bool ends = false;  // once all is said
    bool gone = false;
  };

  void welcome();
  void serve(Connection& connection, short happened);
  void answer(Connection& connection, const std::string& line);
  void carry_out(Connection& connection, const ControlRequest& request);
  void follow(Connection& connection, const std::string& job);
  static void say(Connection& connection, const std::string& line);
  static void send(Connection& connection);

  DaemonJobs& jobs_;
  const Workplace& workplace_;
  const std::function<void(const std::string&)> log_;
  ControlSocket socket_;
  std::list<Connection> connections_;
};

// What a member of the group may not ask for, since the daemon has more rights than he has. Throws auth.
void refuse_beyond_group(const TeleportRequest& request, const Config& config);

}  // namespace jaunt::engine
