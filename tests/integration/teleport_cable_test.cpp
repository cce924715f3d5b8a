// A teleport between two network namespaces whose cable is pulled.
#include <future>

#include "integration/paired_scene.hpp"
#include "support/cable.hpp"
#include "support/skip.hpp"
#include "support/soon.hpp"

using namespace jaunt;
using namespace jaunt::test_support;
using namespace std::chrono_literals;

TEST_CASE("A cable that is out for seconds costs seconds; one that stays out ends a teleport, which is resumed") {
  const Cable cable;
  JAUNT_SKIP_UNLESS(cable.made() && cable.shape("20mbit") && cable.pull() && cable.plug(),
                    "network namespaces with tbf need root, iproute2 and iptables");
  const Source& there = Source::shared();
  const base::TemporaryDirectory folder("/var/tmp");
  const fs::path here = Source::made(folder.path() / "here");
  const fs::path target = here / "wanted.raw";
  ServedHome source(folder.path() / "source", there.images, cable.left);
  ServedHome destination(folder.path() / "destination", there.images, cable.right);
  catalogue(destination.path(), there.base, "raw");
  source.serve("192.0.2.1:0");
  const std::string token = source.json({"node", "invite", "--grant", "describe,send"})["token"];
  destination.json({"node", "pair", "--name", "storage", fmt::format("192.0.2.1:{}", source.port())}, token + "\n");

  auto first = std::async(std::launch::async, [&] {
    return destination.jaunt({"teleport", "--json", "--format", "raw", "--rate", "20Mbit", "--to", target.string(),
                              there.wanted.string() + "@storage"});
  });
  const std::uint64_t size = fs::file_size(there.wanted);
  const auto pull_at = [&](std::uint64_t bytes) {
    REQUIRE(comes_true([&] { return placed_in(here) >= bytes; }));
    REQUIRE(cable.pull());
    return placed_in(here);
  };
  const std::uint64_t before = pull_at(size * 4 / 10);
  std::this_thread::sleep_for(3s);
  CHECK(placed_in(here) < before + 3 * base::kMiB);  // what was under way
  REQUIRE(cable.plug());
  const std::uint64_t placed = pull_at(size * 7 / 10);
  REQUIRE(first.wait_for(90s) == std::future_status::ready);
  const base::Captured ended = first.get();
  INFO(ended.out << ended.err);
  CHECK(ended.status.code == 10);
  CHECK(ended.out.find("jaunt job resume") != std::string::npos);
  CHECK(!fs::exists(target));
  // The other side gives up as well, by its own clock or by its kernel's: nothing holds the image there.
  CHECK_MESSAGE(source.log_has("lost vm at"), source.log());

  REQUIRE(cable.plug());
  const std::string job = destination.json({"job", "list"})["id"];
  const Json summary = summary_of(destination.jaunt({"job", "resume", "--json", job}));
  CHECK(content(target) == content(there.wanted));
  CHECK(summary["kept_bytes"].get<std::uint64_t>() + 2 * base::kMiB > placed);
  MESSAGE(summary["wire_bytes_received"], " bytes came after ", placed, " of ", size, " had");
}
