// What a peer that dials in may ask for.
#include "engine/receive_request.hpp"

#include <doctest/doctest.h>

#include "base/error.hpp"
#include "base/file.hpp"
#include "engine/remote_machine.hpp"

using namespace jaunt;
using namespace jaunt::engine;
using base::ErrorKind;
namespace fs = std::filesystem;

namespace {

struct Node {
  base::TemporaryDirectory folder;
  fs::path incoming = made(folder.path() / "incoming");
  fs::path elsewhere = made(folder.path() / "elsewhere");
  Config config;
  identity::Peer peer{.name = "storage",
                      .key = {},
                      .address = {},
                      .grants = {.verbs = {identity::Verb::receive}, .realms = {"default"}},
                      .paired = 0};
  transport::AskReceive ask{.subject = "web1", .format = {}, .to = {}, .target_format = {}, .name = {}, .realm = {}};

  Node() { config.receive_folders = {incoming}; }
  static fs::path made(const fs::path& folder) {
    fs::create_directory(folder);
    return folder;
  }
  TeleportRequest request() const { return received_request(ask, peer, config); }
  ErrorKind refusal() const {
    try {
      request();
    } catch (const base::Error& failure) {
      return failure.kind();
    }
    FAIL("it was not refused");
    return {};
  }
};

}  // namespace

TEST_CASE("What a peer pushes goes to the first folder for it, as the job of that peer's key") {
  Node node;
  const TeleportRequest request = node.request();
  CHECK(request.options.to == fs::canonical(node.incoming));
  CHECK(request.subject.peer == "storage");
  CHECK(request.subject.dials_in.size() == 32);
  CHECK(request.options.plan.realm == "default");
  CHECK(teleport_request_from_json(to_json(request)).subject.dials_in == request.subject.dials_in);
}

TEST_CASE("Without the verb, the realm or a folder nothing is received") {
  Node node;
  node.peer.grants.verbs = {identity::Verb::describe, identity::Verb::send};
  CHECK(node.refusal() == ErrorKind::auth);
  Node other;
  other.ask.realm = "customer7";
  CHECK(other.refusal() == ErrorKind::auth);
  Node closed;
  closed.config.receive_folders.clear();
  CHECK(closed.refusal() == ErrorKind::auth);
}

TEST_CASE("No path leads out of the folders for what is received") {
  Node node;
  fs::create_symlink(node.elsewhere, node.incoming / "link");
  fs::create_symlink(node.elsewhere / "disk.raw", node.incoming / "file-link");
  const std::string inside = node.incoming.string();
  for (const std::string& to : {std::string("/"), std::string("/etc"), node.elsewhere.string(), inside + "/..",
                                inside + "/../elsewhere/disk.raw", inside + "/link/disk.raw", inside + "/link",
                                inside + "/file-link", inside + "-beside/disk.raw"}) {
    INFO(to);
    node.ask.to = to;
    CHECK(node.refusal() == ErrorKind::auth);
  }
  for (const std::string& to :
       {std::string("disk.raw"), std::string("incoming/disk.raw"), inside + "/.disk.raw", inside + "/di\nsk.raw",
        inside + std::string("/disk.raw\0x", 11), inside + "/" + std::string(201, 'x')}) {
    INFO(to);
    node.ask.to = to;
    CHECK(node.refusal() == ErrorKind::usage);
  }
  node.ask.to = inside + "/sub/../disk.raw";
  CHECK(node.request().options.to == fs::canonical(node.incoming) / "disk.raw");
}

TEST_CASE("A domain is defined and started only where the configuration says so, whatever a machine calls itself") {
  Node node;
  node.ask.define = true;
  CHECK(node.refusal() == ErrorKind::auth);
  node.ask.subject = "/srv/web1.raw";  // whose source may tell of hardware nevertheless
  node.ask.same_machine = true;
  CHECK(!node.request().options.machine.define);
  CHECK(!node.request().options.machine.same_machine);
  node.config.receive_define = true;
  node.ask.subject = "web1";
  CHECK(node.request().options.machine.define);
  node.ask.start = true;
  CHECK(node.refusal() == ErrorKind::auth);
  node.config.receive_start = true;
  CHECK(node.request().options.machine.start);
}

TEST_CASE("A machine without a node is of the node of the next one") {
  using Names = std::vector<std::string>;
  CHECK(with_their_nodes({"a", "b", "c@storage"}) == Names{"a@storage", "b@storage", "c@storage"});
  CHECK(with_their_nodes({"a@one", "/srv/b.raw", "c@home:/srv/x@y"}) ==
        Names{"a@one", "/srv/b.raw@home:/srv/x@y", "c@home:/srv/x@y"});
  CHECK(with_their_nodes({"a@one", "b"}) == Names{"a@one", "b"});  // which is refused, as it is alone
  CHECK(with_their_nodes({}).empty());
}
