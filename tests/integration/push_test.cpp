// jaunt teleport --push between two paired nodes, each a program of its own: the source dials, over TLS.
#include <csignal>
#include <future>

#include "identity/peers.hpp"
#include "integration/daemon_scene.hpp"
#include "support/cable.hpp"
#include "support/skip.hpp"
#include "transport/message_codec.hpp"
#include "transport/network.hpp"

using namespace jaunt;
using namespace jaunt::test_support;
using namespace std::chrono_literals;

namespace {

void check_refused(const base::Captured& result, int code, const std::string& part) {
  INFO(result.out << result.err);
  CHECK(result.status.code == code);
  CHECK(result.out.find(part) != std::string::npos);
}

// The source of all tests, and a destination that it pushes to.
struct PushScene : Scene {
  fs::path there_only = Source::made(folder.path() / "incoming");

  explicit PushScene(const std::string& verbs = "receive") {
    source.jaunt({"node", "revoke", peer(), "describe,send"});
    destination.jaunt({"node", "grant", "storage", verbs});
    target = there_only / "wanted.raw";
  }

  // Of the destination, which serves from now on.
  void serve_there(const std::vector<std::string>& environment = {}, const std::string& how = "serve",
                   const std::string& port = "0") {
    destination.more_environment = {"JAUNT_RECEIVE_FOLDERS=" + there_only.string()};
    destination.more_environment.insert(destination.more_environment.end(), environment.begin(), environment.end());
    destination.serve("127.0.0.1:" + port, how);
    destination.more_environment.clear();
  }
  void serve_there_again() { serve_there({}, "serve", std::to_string(destination.port())); }

  std::vector<std::string> words(std::vector<std::string> options = {}) const {
    options.insert(options.begin(), {"teleport", "--json", "--format", "raw", "--push",
                                     fmt::format("127.0.0.1:{}", destination.port())});
    if (std::ranges::find(options, "--to") == options.end())
      options.insert(options.end(), {"--to", target.string()});
    options.push_back(wanted.string());
    return options;
  }
  base::Captured push(const std::vector<std::string>& options = {}) const { return source.jaunt(words(options)); }

  // Of the hidden file, by now.
  std::uint64_t placed_there() const {
    for (const auto& entry : fs::directory_iterator(there_only))
      if (entry.path().filename().string().find(".jaunt-") != std::string::npos)
        return allocated(entry.path());
    return 0;
  }
  std::vector<Json> jobs_there() const { return lines_of(destination.jaunt({"job", "list", "--json"}).out); }
  bool nothing_begun_there() const { return fs::is_empty(there_only) && jobs_there().empty(); }
  void expect_awaiting_job() const {
    REQUIRE(comes_true([&] { return jobs_there().size() == 1 && jobs_there()[0]["alive"] == false; }));
    const Json job = jobs_there()[0];
    CHECK(job["state"] == "interrupted");
    CHECK(job["awaits"] == "storage");
    CHECK(job["resumable"] == false);
    check_refused(destination.jaunt({"job", "resume", "--here", "--json", job["id"]}), 2, "--push");
    CHECK(!fs::exists(target));
  }
};

}  // namespace

TEST_CASE("A source that dials in brings its image bit for bit, and hears the summary") {
  PushScene scene;
  scene.serve_there();
  const base::Captured result = scene.push({"--rate", "100Mbit"});
  const Json summary = summary_of(result);
  CHECK(content(scene.target) == content(scene.wanted));
  CHECK(summary["source"] == "storage");
  CHECK(summary["bytes_by_source"]["base"] == 700 * kBlock);
  CHECK(summary["bytes_by_source"]["wire"] == kOfNobody * kBlock);
  CHECK(summary["wire_bytes_received"].get<std::uint64_t>() > kOfNobody * kBlock);
  CHECK(summary["wire_bytes_received"].get<std::uint64_t>() < kOfNobody * kBlock + 100'000);
  CHECK(result.out.find("building") != std::string::npos);
  const Json done = lines_of(scene.destination.jaunt({"job", "list", "--all", "--json"}).out).at(0);
  CHECK(done["state"] == "done");
  CHECK(done["id"] == summary["job"]);
  CHECK(scene.destination.jaunt({"job", "show", "--receipt", done["id"]}).status.code == 0);
  CHECK(scene.source.jaunt({"job", "list", "--json"}).out.empty());
  check_refused(scene.push(), 2, "exists already");
}

TEST_CASE("Nobody pushes without the grant and a folder, and nothing is begun") {
  PushScene scene("describe,send");
  scene.serve_there();
  check_refused(scene.push(), 12, "jaunt node grant storage receive");
  CHECK(scene.destination.jaunt({"node", "grant", "storage", "receive"}).status.code == 0);
  check_refused(scene.push({"--realm", "customer7"}), 12, "--realm customer7");
  CHECK(scene.nothing_begun_there());
  scene.destination.stop();
  scene.destination.serve();
  check_refused(scene.push(), 12, "receive.folders");
  CHECK(scene.nothing_begun_there());
}

TEST_CASE("A push goes nowhere but into the folders for it, whatever its path looks like") {
  PushScene scene;
  fs::create_symlink(scene.here, scene.there_only / "link");
  scene.serve_there();
  const std::string inside = scene.there_only.string();
  for (const std::string& path : {scene.here.string(), (scene.here / "x.raw").string(), inside + "/../here/x.raw",
                                  inside + "/link/x.raw", inside + "/link", inside + "x/y.raw", std::string("/")})
    check_refused(scene.push({"--to", path}), 12, "receive.folders");
  for (const std::string& path : {inside + "/.hidden", std::string("x.raw")})
    check_refused(scene.push({"--to", path}), 2, "--to");
  for (const std::string& path : {inside + "/absent/x.raw", inside + "/new/"})
    check_refused(scene.push({"--to", path}), 1, "no such folder");
  CHECK(fs::is_empty(scene.here));
  fs::remove(scene.there_only / "link");
  CHECK(scene.nothing_begun_there());
  base::write_text_file(scene.target, "mine");
  check_refused(scene.push(), 2, "exists already");
  CHECK(content(scene.target) == "mine");
}

TEST_CASE("What is pushed becomes a domain, and is started, only where the configuration says so") {
  PushScene scene;
  scene.serve_there();
  const auto push = [&](std::vector<std::string> options) {
    options.insert(options.begin(),
                   {"teleport", "--json", "--push", fmt::format("127.0.0.1:{}", scene.destination.port()), "web1"});
    return scene.source.jaunt(options);
  };
  check_refused(push({}), 12, "receive.define");
  check_refused(push({"--no-define", "--start"}), 12, "receive.start");
  scene.destination.stop();
  scene.serve_there({"JAUNT_RECEIVE_DEFINE=true"});
  check_refused(push({"--start"}), 12, "receive.start");
  CHECK(scene.nothing_begun_there());
}

TEST_CASE("A push leaves the room free that the configuration keeps") {
  PushScene scene;
  scene.serve_there({"JAUNT_RECEIVE_KEEP_FREE=1000T"});
  check_refused(scene.push(), 15, "are kept");
  CHECK(scene.nothing_begun_there());
}

TEST_CASE("When the destination is killed, its job waits for the source, and the same push goes on with it") {
  PushScene scene;
  scene.serve_there({"JAUNT_KILL_AT=tile proved:6"});
  check_refused(scene.push(), 10, "the same command goes on");
  scene.expect_awaiting_job();
  CHECK(scene.placed_there() > 0);
  scene.serve_there_again();
  const Json summary = summary_of(scene.push());
  CHECK(content(scene.target) == content(scene.wanted));
  CHECK(summary["resumed"] == true);
  CHECK(summary["kept_bytes"].get<std::uint64_t>() > 0);
  CHECK(scene.jobs_there().empty());
}

TEST_CASE("When the source is killed, the destination's job waits for it, and the same push goes on with it") {
  PushScene scene;
  scene.serve_there();
  auto pushing = scene.source.begin(scene.words({"--limit", "32Mbit"}), scene.folder.path() / "out");
  REQUIRE(comes_true([&] { return scene.placed_there() >= fs::file_size(scene.wanted) / 2; }));
  check_refused(scene.push(), 11, "at work on it already");
  pushing.kill();
  const std::uint64_t placed = scene.placed_there();
  scene.expect_awaiting_job();
  const Json summary = summary_of(scene.push());
  CHECK(content(scene.target) == content(scene.wanted));
  CHECK(summary["resumed"] == true);
  CHECK(summary["wire_bytes_received"].get<std::uint64_t>() < (700 + kOfNobody) * kBlock - placed + 3 * 256 * kBlock);
}

TEST_CASE("Ctrl-C at the source says how to go on, and leaves the job to the next push") {
  PushScene scene;
  scene.serve_there();
  auto pushing = scene.source.begin(scene.words({"--limit", "32Mbit"}), scene.folder.path() / "out");
  REQUIRE(comes_true([&] { return scene.placed_there() >= fs::file_size(scene.wanted) / 2; }));
  REQUIRE(::kill(pushing.pid(), SIGINT) == 0);
  const auto status = pushing.wait_for(20s);
  REQUIRE(status);
  CHECK(status->code == 16);
  CHECK(content(scene.folder.path() / "out").find("the same command goes on") != std::string::npos);
  scene.expect_awaiting_job();
  summary_of(scene.push());
  CHECK(content(scene.target) == content(scene.wanted));
}

TEST_CASE("A grant that is revoked ends what is being received") {
  PushScene scene;
  scene.serve_there();
  auto pushing = scene.source.begin(scene.words({"--limit", "32Mbit"}), scene.folder.path() / "out");
  REQUIRE(comes_true([&] { return scene.placed_there() >= fs::file_size(scene.wanted) / 2; }));
  CHECK(scene.destination.jaunt({"node", "revoke", "storage", "receive"}).status.code == 0);
  const auto status = pushing.wait_for(60s);
  REQUIRE(status);
  CHECK(status->code == 12);
  CHECK(content(scene.folder.path() / "out").find("revoked") != std::string::npos);
  CHECK(!fs::exists(scene.target));
}

TEST_CASE("A daemon receives too, stops where the next one goes on, and several machines come in one command") {
  PushScene scene;
  scene.serve_there({}, "daemon");
  auto pushing = scene.source.begin(scene.words({"--limit", "32Mbit"}), scene.folder.path() / "out");
  REQUIRE(comes_true([&] { return scene.placed_there() >= fs::file_size(scene.wanted) / 2; }));
  scene.destination.stop();
  const auto status = pushing.wait_for(60s);
  REQUIRE(status);
  CHECK(status->code == 10);
  scene.expect_awaiting_job();
  scene.serve_there({}, "daemon");
  CHECK(summary_of(scene.push())["resumed"] == true);
  CHECK(content(scene.target) == content(scene.wanted));

  const base::Captured both =
      scene.push({"--to", scene.there_only.string(), "--as", "copy", scene.there.base.string()});
  INFO(both.out);
  CHECK(both.status.code == 3);  // both would have the name that was given
  CHECK(content(scene.there_only / "copy.raw") == content(scene.there.base));
}

TEST_CASE("A node that is pushed one machine learns nothing of another") {
  const Scene scene;
  const identity::NodeKey key = identity::NodeKey::generate();
  const auto source_key = identity::NodeKey::load(scene.source.path()).public_key();
  const base::CancelToken cancel;
  transport::Network network(key, {});
  const auto listener = network.listen(
      {{.host = "127.0.0.1", .port = 0}},
      {.name_of = [&](const auto& shown) { return shown == source_key ? std::optional("source") : std::nullopt; },
       .invites = [] { return false; },
       .redeem = [](const auto&, const auto&, const auto&) {}},
      cancel);
  identity::PeerBook(scene.source.path())
      .add({.name = "curious", .key = key.public_key(), .address = {}, .grants = {}, .paired = 0}, true);
  auto pushed = std::async(std::launch::async, [&] {
    return scene.source.jaunt({"teleport", "--json", "--format", "raw", "--push",
                               to_text(listener->addresses().front()), scene.wanted.string()});
  });
  const auto visitor = listener->accept();
  transport::Link& link = *visitor.link;
  const auto asked = transport::decode(link.receive().value());
  CHECK(std::get<transport::AskReceive>(asked.body).subject == scene.wanted.string());
  link.send(transport::encode({1, transport::Receiving{"1-2", false}}));
  link.send(transport::encode({2, transport::AskMachine{scene.there.base.string(), "raw"}}));
  const auto answer = transport::decode(link.receive().value());
  REQUIRE(std::holds_alternative<transport::Refusal>(answer.body));
  CHECK(std::get<transport::Refusal>(answer.body).kind == base::ErrorKind::auth);
  link.send(transport::encode({0, transport::Finished{R"({"type": 1, "disks": [{}]})"}}));
  link.close();
  check_refused(pushed.get(), 1, "its summary cannot be understood");
  scene.source.jaunt({"node", "remove", "curious"});
}

TEST_CASE("A source to which nobody can connect pushes") {
  const Cable cable;
  if (!cable.made() || !cable.hide_left())
    return skip("there are no network namespaces or no iptables here");
  base::TemporaryDirectory folder{"/var/tmp"};
  const Source& there = Source::shared();
  ServedHome source(folder.path() / "source", there.images, cable.left);
  ServedHome destination(folder.path() / "destination", there.images, cable.right);
  const fs::path incoming = Source::made(folder.path() / "incoming");
  destination.more_environment = {"JAUNT_RECEIVE_FOLDERS=" + incoming.string()};
  destination.serve("192.0.2.2:0");
  source.serve("192.0.2.1:0");
  const std::string token = destination.json({"node", "invite", "--name", "hidden", "--grant", "receive"})["token"];
  source.json({"node", "pair", "--name", "office", fmt::format("192.0.2.2:{}", destination.port())}, token + "\n");

  const std::string image = there.wanted.string();
  const base::Captured pulled =
      destination.jaunt({"plan", "--json", "--format", "raw", fmt::format("{}@192.0.2.1:{}", image, source.port())});
  CHECK(pulled.status.code == 10);
  const base::Captured pushed = source.jaunt(
      {"teleport", "--json", "--format", "raw", "--push", fmt::format("192.0.2.2:{}", destination.port()), image});
  const Json summary = summary_of(pushed);
  CHECK(content(incoming / "wanted.raw") == content(there.wanted));
  CHECK(summary["source"] == "hidden");
}
