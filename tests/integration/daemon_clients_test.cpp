// What the command line and others say to the daemon.
#include <arpa/inet.h>
#include <grp.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "engine/control_client.hpp"
#include "integration/daemon_scene.hpp"

using namespace jaunt;
using namespace jaunt::test_support;
using namespace std::chrono_literals;

namespace {

constexpr uid_t kStranger = 65534;

// What a process of another user finds; its group is its only one.
int as_stranger(gid_t group, const std::function<int()>& work) {
  const pid_t child = ::fork();
  if (child == 0) {
    int found = 99;
    if (::setgroups(0, nullptr) == 0 && ::setresgid(group, group, group) == 0 &&
        ::setresuid(kStranger, kStranger, kStranger) == 0) {
      try {
        found = work();
      } catch (const base::Error& error) {
        found = 100 + static_cast<int>(error.kind());
      } catch (...) {  // not beyond this process
        found = 98;
      }
    }
    ::_exit(found);
  }
  int status = 0;
  ::waitpid(child, &status, 0);
  return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

constexpr int refused(base::ErrorKind kind) {
  return 100 + static_cast<int>(kind);
}

// What the daemon says first; throws it where it is an error.
Json first_answer(const fs::path& home, const engine::ControlRequest& request) {
  auto daemon = engine::ControlClient::find(home);
  REQUIRE(daemon);
  daemon->ask(request);
  const auto line = daemon->receive({});
  const Json json = line ? Json::parse(*line) : Json({{"type", "nothing"}});
  if (json["type"] == "error")
    throw base::Error(json["kind"] == "auth" ? base::ErrorKind::auth : base::ErrorKind::io, "ask", "it", *line);
  return json;
}

// Everything that it says to these bytes, until it ends the conversation.
std::string answer_to(const fs::path& home, const std::string& bytes) {
  const auto fd = engine::connect_control(home);
  REQUIRE(fd);
  for (std::size_t at = 0; at < bytes.size();) {
    const auto sent = ::send(fd->get(), bytes.data() + at, bytes.size() - at, MSG_NOSIGNAL);
    if (sent < 0 && errno != EAGAIN)
      break;
    at += sent > 0 ? static_cast<std::size_t>(sent) : 0;
  }
  std::string said;
  comes_true([&] {
    std::array<char, 4096> buffer;
    const auto got = ::recv(fd->get(), buffer.data(), buffer.size(), 0);
    if (got > 0)
      said.append(buffer.data(), static_cast<std::size_t>(got));
    return got == 0 || (got < 0 && errno != EAGAIN);
  });
  return said;
}

// What this port of the loopback interface says to these bytes.
std::string loopback(int port, const std::string& bytes) {
  const base::Fd fd(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(static_cast<std::uint16_t>(port));
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  if (::connect(fd.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0)
    return "";
  CHECK(::send(fd.get(), bytes.data(), bytes.size(), MSG_NOSIGNAL) == static_cast<ssize_t>(bytes.size()));
  std::string said;
  std::array<char, 4096> buffer;
  for (ssize_t got = 0; (got = ::recv(fd.get(), buffer.data(), buffer.size(), 0)) > 0;)
    said.append(buffer.data(), static_cast<std::size_t>(got));
  return said;
}

// One that nobody has at this moment.
int free_port() {
  const base::Fd fd(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t size = sizeof address;
  REQUIRE(::bind(fd.get(), reinterpret_cast<const sockaddr*>(&address), size) == 0);
  REQUIRE(::getsockname(fd.get(), reinterpret_cast<sockaddr*>(&address), &size) == 0);
  return ntohs(address.sin_port);
}

}  // namespace

TEST_CASE("Several machines in one command: each that can come comes, and the exit code tells that one did not") {
  const DaemonScene scene;
  const auto command = [&](const std::string& folder, const std::string& how) {
    Source::made(scene.here / folder);
    std::vector<std::string> words{"teleport", "--json", "--format", "raw", "--to", (scene.here / folder).string()};
    if (!how.empty())
      words.push_back(how);
    for (const fs::path& image : {scene.wanted, scene.there.images / "none.raw", scene.there.base})
      words.push_back(image.string() + "@storage");
    return scene.destination.jaunt(words);
  };
  for (const auto& [folder, how] : {std::pair("with", ""), std::pair("without", "--here")}) {
    CAPTURE(folder);
    const base::Captured result = command(folder, how);
    INFO(result.out << result.err);
    CHECK(result.status.code == 3);
    std::size_t right = 0;
    std::size_t wrong = 0;
    for (const Json& line : lines_of(result.out)) {
      wrong += line["type"] == "error" ? 1 : 0;
      if (line["type"] != "summary")
        continue;
      const fs::path path(line["disks"][0]["path"].get<std::string>());
      CHECK(path.parent_path() == scene.here / folder);
      CHECK(content(path) == content(scene.there.images / path.filename()));
      ++right;
    }
    CHECK(right == 2);
    CHECK(wrong == 1);
  }
  CHECK(scene.jobs().empty());
}

TEST_CASE("A followed job tells of itself as without a daemon, and leaves a receipt that its node signed") {
  const DaemonScene scene;
  const base::Captured result = scene.teleport({"--rate", "100Mbit"});
  const std::string job = lines_of(result.out).at(0)["id"];
  const Json summary = summary_of(result);
  CHECK(content(scene.target) == content(scene.wanted));
  CHECK(summary["resumed"] == false);
  CHECK(summary["bytes_by_source"]["wire"] == kOfNobody * kBlock);
  CHECK(scene.jobs({"--all"}).at(0)["state"] == "done");

  const Json verified = scene.destination.json({"job", "verify", job});
  CHECK(verified["signer"] == "this node");
  CHECK(verified["said"]["disks"] == summary["disks"]);
  const fs::path file = scene.folder.path() / "receipt";
  const std::string receipt = scene.destination.jaunt({"job", "show", "--receipt", job}).out;
  base::write_text_file(file, receipt);
  CHECK(scene.source.json({"job", "verify", file.string()})["signer"] == scene.peer());
  std::string forged = receipt;
  forged.replace(forged.find("\"wire\":"), 8, "\"wire\":9");
  base::write_text_file(file, forged);
  CHECK(scene.source.jaunt({"job", "verify", file.string()}).status.code == 14);
}

TEST_CASE("Ctrl-C stops a followed job until it is resumed, and a terminal that goes away does not") {
  const DaemonScene scene;
  const auto follow = [&] {
    return scene.destination.begin({"teleport", "--json", "--format", "raw", "--limit", DaemonScene::kSlow, "--to",
                                    scene.target.string(), scene.wanted.string() + "@storage"},
                                   scene.folder.path() / "out");
  };
  {
    base::Child client = follow();
    scene.wait_for_half();
    ::kill(client.pid(), SIGINT);
    const auto status = client.wait_for(20s);
    REQUIRE(status);
    CHECK(status->code == 16);
  }
  const std::string job = scene.jobs().at(0)["id"];
  CHECK(scene.state_of(job) == "interrupted");
  CHECK(scene.placed() > 0);
  const Json summary = summary_of(scene.destination.jaunt({"job", "resume", "--json", job}));
  CHECK(summary["kept_bytes"].get<std::uint64_t>() > 0);
  CHECK(content(scene.target) == content(scene.wanted));

  fs::remove(scene.target);
  base::Child client = follow();
  scene.wait_for_half();
  ::kill(client.pid(), SIGHUP);
  REQUIRE(client.wait_for(20s));
  scene.expect_right_end(scene.jobs().at(0)["id"]);
}

TEST_CASE("A failure that only a person can mend is told, and waits for him") {
  const DaemonScene scene;
  CHECK(scene.source.jaunt({"node", "revoke", scene.peer(), "send"}).status.code == 0);
  const std::string job = scene.detach({});
  REQUIRE(comes_true([&] { return scene.state_of(job) == "interrupted"; }));
  const Json failure = scene.jobs().at(0)["failure"];
  CHECK(failure["kind"] == "auth");
  CHECK_MESSAGE(failure.dump().find("jaunt node grant") != std::string::npos, failure.dump());
  CHECK(scene.source.jaunt({"node", "grant", scene.peer(), "send"}).status.code == 0);
  CHECK(scene.destination.jaunt({"job", "resume", "--detach", job}).out == job + "\n");
  scene.expect_right_end(job);
}

TEST_CASE("Without a daemon nothing is handed over, and that is said") {
  DaemonScene scene;
  scene.kill_daemon();
  const base::Captured result = scene.teleport({"--detach"});
  CHECK(result.status.code == 1);
  CHECK(result.out.find("no daemon runs") != std::string::npos);
  CHECK(scene.nothing_left());
}

TEST_CASE("A stranger is refused by the socket's mode, and by the daemon where that was changed") {
  const DaemonScene scene({"JAUNT_DAEMON_GROUP=no-such-group"});
  const fs::path home = scene.destination.path();
  const auto list = [&] { return first_answer(home, {}).at("type") == "end" ? 0 : 1; };
  CHECK(list() == 0);
  fs::permissions(scene.folder.path(), fs::perms(0755));
  fs::permissions(home, fs::perms(0711));
  CHECK(as_stranger(kStranger, list) == refused(base::ErrorKind::auth));
  fs::permissions(home / "control.sock", fs::perms(0666));
  CHECK(as_stranger(kStranger, list) == refused(base::ErrorKind::auth));
  CHECK(scene.destination.log_has("refused the user 65534"));
  CHECK(list() == 0);
}

TEST_CASE("A member of the group reaches paired nodes and the folders for images, and nothing beyond") {
  const DaemonScene scene({"JAUNT_DAEMON_GROUP=games"});
  const group* const games = ::getgrnam("games");
  REQUIRE(games != nullptr);
  const fs::path home = scene.destination.path();
  fs::permissions(scene.folder.path(), fs::perms(0755));
  const auto wish = [&](const std::string& machine, const fs::path& to) {
    engine::TeleportRequest request{.subject = engine::parse_remote_machine(machine), .options = {}};
    request.options.to = to;
    request.options.plan.format = "raw";
    return [=] {
      return first_answer(home,
                          {.does = engine::ControlRequest::Does::teleport, .detached = true, .teleport = request})
                         .at("type") == "job"
                 ? 0
                 : 1;
    };
  };
  const fs::path inside = scene.there.images / "arrived.raw";
  const std::string machine = scene.wanted.string();
  const gid_t group = games->gr_gid;
  CHECK(as_stranger(group, wish(machine + "@storage", scene.target)) == refused(base::ErrorKind::auth));
  CHECK(as_stranger(group, wish(machine + "@home:" + scene.source.path().string(), inside)) ==
        refused(base::ErrorKind::auth));
  CHECK(as_stranger(group, wish(machine + "@storage", scene.there.images / "../x.raw")) ==
        refused(base::ErrorKind::auth));
  CHECK(as_stranger(kStranger, wish(machine + "@storage", inside)) == refused(base::ErrorKind::auth));
  CHECK(as_stranger(group, wish(machine + "@storage", inside)) == 0);
  CHECK(comes_true([&] { return fs::exists(inside); }));
  CHECK(content(inside) == content(scene.wanted));
  fs::remove(inside);
}

TEST_CASE("Garbage on the socket ends that conversation and no other") {
  const DaemonScene scene;
  const fs::path home = scene.destination.path();
  for (const std::string& garbage :
       {std::string("GET / HTTP/1.1\r\n\r\n"), std::string(1000, '\0') + "\n", std::string(200'000, '['),
        std::string("{\"do\":\"dance\"}\n"), std::string("{\"do\":\"show\",\"job\":\"../../etc\"}\n"),
        std::string("{\"do\":\"teleport\",\"request\":\"{}\"}\n"), std::string("[1]\n")}) {
    CAPTURE(garbage.substr(0, 40));
    CHECK(answer_to(home, garbage).find(R"("kind":"corrupt")") != std::string::npos);
  }
  std::vector<base::Fd> silent;
  for (int i = 0; i < 20; ++i)
    silent.push_back(std::move(*engine::connect_control(home)));
  CHECK(first_answer(home, {}).at("type") == "end");
}

TEST_CASE("Metrics tell of jobs, bytes, stages and refused visitors") {
  const int port = free_port();
  const DaemonScene scene({fmt::format("JAUNT_DAEMON_METRICS_PORT={}", port)});
  const auto metrics = [&] { return loopback(port, "GET /metrics HTTP/1.1\r\nHost: a\r\n\r\n"); };
  CHECK(metrics().find("jaunt_peers_refused_total 0\n") != std::string::npos);
  summary_of(scene.teleport({"--rate", "100Mbit"}));
  loopback(scene.destination.port(), "garbage\r\n\r\n");
  const std::string text = metrics();
  INFO(text);
  CHECK(text.starts_with("HTTP/1.1 200 OK\r\n"));
  for (const std::string& line :
       {std::string("jaunt_jobs{state=\"running\"} 0"), std::string("jaunt_jobs_ended_total{outcome=\"done\"} 1"),
        fmt::format("jaunt_target_bytes_total{{source=\"wire\"}} {}", kOfNobody * kBlock),
        std::string("jaunt_stage_seconds_total{stage=\"build\"}"), std::string("jaunt_peers_refused_total 1")})
    CHECK_MESSAGE(text.find("\n" + line) != std::string::npos, line);
  CHECK(loopback(port, "GET /else HTTP/1.1\r\n\r\n").starts_with("HTTP/1.1 404"));
}
