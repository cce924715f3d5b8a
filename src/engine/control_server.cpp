#include "engine/control_server.hpp"

#include <algorithm>
#include <array>
#include <cerrno>

#include <fmt/format.h>
#include <nlohmann/json.hpp>
#include <sys/socket.h>

#include "base/text.hpp"
#include "engine/job.hpp"
#include "engine/receive_request.hpp"
#include "engine/teleport_report.hpp"

namespace jaunt::engine {

namespace fs = std::filesystem;
using base::Error;
using base::ErrorKind;
using Json = nlohmann::ordered_json;
using namespace std::chrono_literals;

namespace {

constexpr auto kSilenceMax = 30s;                    // of one that follows nothing
constexpr std::size_t kStatusBytesMax = 256 * 1024;  // that wait to be read; then progress is left out
constexpr std::size_t kOutBytesMax = 8 * base::kMiB;
constexpr const char* kEnd = R"({"type":"end"})";

}  // namespace

void refuse_beyond_group(const TeleportRequest& request, const Config& config) {
  if (!request.subject.home.empty())
    throw Error(ErrorKind::auth, "teleport", base::printable(request.subject.name),
                "another home of this host is for root alone", "name a paired node");
  const fs::path& to = request.options.to;
  if (!lies_within(fs::is_directory(to) ? to : to.parent_path(), config.image_folders))
    throw Error(ErrorKind::auth, "create", base::printable(to.string()), "it lies outside of the folders for images",
                "choose a folder of images.folders with --to, or ask root");
}

ControlServer::ControlServer(DaemonJobs& jobs, const Workplace& workplace,
                             std::function<void(const std::string&)> log)
    : jobs_(jobs),
      workplace_(workplace),
      log_(std::move(log)),
      socket_(workplace.home.path(), workplace.config.daemon_group) {}

void ControlServer::watch(PollSet& set) {
  if (connections_.size() < kControlConnectionsMax)
    set.watch(socket_.fd(), POLLIN, [this](short) { welcome(); });
  for (Connection& connection : connections_)
    set.watch(connection.fd.get(), static_cast<short>(connection.out.empty() ? POLLIN : POLLIN | POLLOUT),
              [this, &connection](short happened) { serve(connection, happened); });
}

void ControlServer::tick(Clock::time_point now) {
  connections_.remove_if([&](const Connection& one) {
    const bool silent = one.follows.empty() && now - one.heard > kSilenceMax;
    return one.gone || silent || one.out.size() > kOutBytesMax || (one.ends && one.out.empty());
  });
}

void ControlServer::welcome() {
  auto fd = socket_.accept();
  if (!fd)
    return;
  Connection& connection = connections_.emplace_back();
  connection.fd = std::move(*fd);
  connection.peer = socket_.peer_of(connection.fd);
  if (connection.peer.owner || connection.peer.member)
    return;
  log_(fmt::format("refused the user {} on the control socket", connection.peer.uid));
  say(connection, to_json(Error(ErrorKind::auth, "ask", "the daemon", "this user may not",
                                "be root, or a member of the group that daemon.group names")));
  connection.ends = true;
}

void ControlServer::serve(Connection& connection, short happened) {
  if ((happened & POLLOUT) != 0)
    send(connection);
  std::array<char, 16 * 1024> buffer;
  const auto got = ::recv(connection.fd.get(), buffer.data(), buffer.size(), 0);
  if (got < 0 && (errno == EAGAIN || errno == EINTR))
    return;
  if (got <= 0) {
    connection.gone = true;
    return;
  }
  if (connection.ends)
    return;  // there is nothing more to ask
  connection.heard = Clock::now();
  if (!connection.in.add({buffer.data(), static_cast<std::size_t>(got)}))
    answer(connection, std::string(kControlLineBytesMax + 1, ' '));
  while (const auto line = connection.ends ? std::nullopt : connection.in.next())
    answer(connection, *line);
}

void ControlServer::answer(Connection& connection, const std::string& line) {
  try {
    carry_out(connection, control_request_from_json(line));
  } catch (const Error& failure) {
    if (failure.kind() == ErrorKind::corrupt) {
      log_(fmt::format("the user {}: {}", connection.peer.uid, base::printable(failure.what())));
      connection.ends = true;
    }
    say(connection, to_json(failure));
  } catch (const std::exception& unforeseen) {
    say(connection, to_json(Error(ErrorKind::io, "go on", "", unforeseen.what())));
    connection.ends = true;
  }
}

void ControlServer::carry_out(Connection& connection, const ControlRequest& request) {
  using Does = ControlRequest::Does;
  switch (request.does) {
    case Does::teleport: {
      if (!connection.peer.owner)
        refuse_beyond_group(completed(*request.teleport, workplace_.home, workplace_.config), workplace_.config);
      const std::string id = jobs_.hand_over(*request.teleport, request.detached);
      say(connection, Json({{"type", "job"}, {"id", id}}).dump());
      return request.detached ? void() : follow(connection, id);
    }
    case Does::resume:
      jobs_.resume(request.job);
      say(connection, Json({{"type", "job"}, {"id", request.job}}).dump());
      return request.detached ? void() : follow(connection, request.job);
    case Does::follow:
      return follow(connection, request.job);
    case Does::hold:
      jobs_.hold(request.job);
      return follow(connection, request.job);
    case Does::cancel: {
      const bool mine = jobs_.has(request.job);
      jobs_.cancel(request.job);
      return mine ? follow(connection, request.job) : say(connection, kEnd);
    }
    case Does::list: {
      std::vector<ListedJob> jobs = request.finished ? finished_jobs(workplace_.home) : std::vector<ListedJob>();
      std::ranges::move(list_jobs(workplace_.home), std::back_inserter(jobs));
      for (const ListedJob& job : jobs)
        say(connection, to_json(job));
      return say(connection, kEnd);
    }
    case Does::show:
      say(connection, to_json(show_job(workplace_.home, request.job)));
      return say(connection, kEnd);
  }
}

void ControlServer::follow(Connection& connection, const std::string& job) {
  const auto last = jobs_.last_line(job);
  if (!jobs_.has(job) && !last)
    throw Error(ErrorKind::not_found, "follow", "job " + job, "it is not the daemon's",
                "`jaunt job resume` hands it to the daemon");
  if (last)
    say(connection, *last);
  if (jobs_.has(job))
    connection.follows = job;
  else
    connection.ends = true;
}

void ControlServer::tell(const std::string& job, const std::string& line, bool last) {
  for (Connection& connection : connections_) {
    if (connection.follows != job || connection.ends)
      continue;
    if (last || connection.out.size() < kStatusBytesMax)
      say(connection, line);
    if (last) {
      connection.follows.clear();
      connection.ends = true;
    }
  }
}

void ControlServer::say_goodbye() {
  for (Connection& connection : connections_)
    if (!connection.follows.empty())
      say(connection, Json({{"type", "gone"}, {"job", connection.follows}}).dump());
}

void ControlServer::say(Connection& connection, const std::string& line) {
  connection.out += line + "\n";
  send(connection);
}

void ControlServer::send(Connection& connection) {
  const auto sent = ::send(connection.fd.get(), connection.out.data(), connection.out.size(), MSG_NOSIGNAL);
  if (sent > 0)
    connection.out.erase(0, static_cast<std::size_t>(sent));
  else if (sent < 0 && errno != EAGAIN && errno != EINTR)
    connection.gone = true;
}

}  // namespace jaunt::engine
