#include "mirror/download.hpp"

#include <algorithm>

#include "support/mirror_scene.hpp"

using namespace jaunt;
using namespace jaunt::mirror;
using namespace jaunt::test_support;
using namespace std::chrono_literals;

namespace {

struct Scene {
  base::TemporaryDirectory folder;
  base::TemporaryDirectory scratch;
  std::string content = noise_text(300'000, 1);
  DownloadBounds bounds{.together = 3, .attempts = 3, .connect = 1000ms, .stalled = 2s, .failures_of_host = 2};

  Scene() { base::write_text_file(folder.path() / "file", content); }

  Fetched fetch(Request request) const { return std::move(fetch_all({std::move(request)}).front()); }
  std::vector<Fetched> fetch_all(std::vector<Request> requests) const {
    Downloads downloads(scratch.path(), {}, bounds, {});
    std::vector<Fetched> all;
    std::size_t at = 0;
    downloads.run([&] { return at < requests.size() ? std::optional(requests[at++]) : std::nullopt; },
                  [&](Fetched fetched) { all.push_back(std::move(fetched)); });
    return all;
  }
  Request request(const MirrorServer& server) const {
    return {.url = server.url() + "file",
            .size = base::ByteCount(content.size()),
            .sha256 = base::sha256(base::as_bytes(content))};
  }
  std::string text_of(const Fetched& fetched) const {
    std::string text(static_cast<std::size_t>(fetched.file.stat().st_size), '\0');
    fetched.file.read_exact({}, std::as_writable_bytes(std::span(text.data(), text.size())));
    return text;
  }
};

}  // namespace

TEST_CASE("A file is fetched whole, and not again while it is the same") {
  const Scene scene;
  const MirrorServer server(scene.folder.path());
  const Fetched first = scene.fetch(scene.request(server));
  REQUIRE(first.outcome == Outcome::whole);
  CHECK(scene.text_of(first) == scene.content);
  Request again = scene.request(server);
  again.validators = first.validators;
  CHECK(scene.fetch(again).outcome == Outcome::unchanged);
  base::write_text_file(scene.folder.path() / "file", scene.content + "x");
  again.size = {};
  again.sha256 = {};
  CHECK(scene.fetch(again).outcome == Outcome::whole);
}

TEST_CASE("A download that breaks goes on where it was") {
  const Scene scene;
  const MirrorServer server(scene.folder.path(), {"--cut", "100000"});
  const Fetched fetched = scene.fetch(scene.request(server));
  REQUIRE(fetched.outcome == Outcome::whole);
  CHECK(scene.text_of(fetched) == scene.content);
  CHECK(server.requests() == std::vector<std::string>{"200 0 /file", "206 100000 /file"});
}

TEST_CASE("Other bytes than the index says, and more of them, are no package") {
  const Scene scene;
  const MirrorServer server(scene.folder.path(), {"--lie", "file"});
  CHECK(scene.fetch(scene.request(server)).outcome == Outcome::lying);
  const MirrorServer honest(scene.folder.path());
  Request shorter = scene.request(honest);
  shorter.size = base::ByteCount(1000);
  CHECK(scene.fetch(shorter).outcome == Outcome::lying);
  Request unsized = {.url = honest.url() + "file", .size_max = base::ByteCount(1000)};
  CHECK(scene.fetch(unsized).outcome == Outcome::lying);
}

TEST_CASE("What a mirror does not have, or nobody serves, is told apart, and a dead host is not asked for ever") {
  const Scene scene;
  const MirrorServer server(scene.folder.path());
  CHECK(scene.fetch({.url = server.url() + "nothing"}).outcome == Outcome::absent);
  const std::vector<Fetched> dead = scene.fetch_all(std::vector<Request>(20, {.url = "http://127.0.0.1:1/file"}));
  REQUIRE(dead.size() == 20);
  for (const Fetched& fetched : dead)
    CHECK(fetched.outcome == Outcome::unreachable);
  CHECK(std::ranges::count(dead, "its mirror cannot be reached", &Fetched::cause) > 10);
}

TEST_CASE("A mirror that is too slow is given up") {
  const Scene scene;
  const MirrorServer server(scene.folder.path(), {"--slow", "200"});
  DownloadBounds bounds = scene.bounds;
  bounds.attempts = 1;
  Downloads downloads(scene.scratch.path(), {}, bounds, {});
  bool asked = false;
  std::vector<Outcome> outcomes;
  const auto start = std::chrono::steady_clock::now();
  downloads.run([&] { return std::exchange(asked, true) ? std::nullopt : std::optional(scene.request(server)); },
                [&](Fetched fetched) { outcomes.push_back(fetched.outcome); });
  CHECK(outcomes == std::vector{Outcome::unreachable});
  CHECK(std::chrono::steady_clock::now() - start < 20s);
}

TEST_CASE("Downloads end when they are cancelled") {
  const Scene scene;
  const MirrorServer server(scene.folder.path(), {"--slow", "5000"});
  const base::CancelToken cancel;
  Downloads downloads(scene.scratch.path(), {}, scene.bounds, cancel);
  bool asked = false;
  CHECK_THROWS_AS(downloads.run([&] { return std::exchange(asked, true) ? std::nullopt
                                                                        : std::optional(scene.request(server)); },
                                [](Fetched) {}, [&](base::ByteCount) { cancel.cancel(); }),
                  base::Cancelled);
}
