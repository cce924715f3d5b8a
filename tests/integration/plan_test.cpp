// jaunt plan as people use it: two homes on one machine.
#include <fmt/format.h>

#include "chunkstore/layers_source.hpp"
#include "chunkstore/store.hpp"
#include "chunkstore/store_writer.hpp"
#include "integration/two_homes.hpp"
#include "match/overlap.hpp"
#include "model/run_list.hpp"
#include "support/skip.hpp"
#include "support/world.hpp"

using namespace jaunt;
using namespace jaunt::test_support;

namespace {

// 300 blocks of the base where it has them, 200 of it elsewhere, 100 of another image, 50 zero, 40 of nobody.
struct Scene : TwoHomes {
  fs::path base = image_of(images / "base.raw", numbered(1, 1000));
  fs::path other = image_of(images / "other.raw", numbered(5000, 400));
  fs::path target = image_of(images / "target.raw", numbered(1, 300) + Blocks(50) + numbered(5100, 100) +
                                                        numbered(9000, 40) + numbered(601, 200));

  Scene() {
    for (const fs::path& image : {base, other})
      catalogue(destination, image, "raw");
  }
};

std::string content(const fs::path& file) {
  return base::read_text_file(file, base::ByteCount(64 * base::kMiB));
}

}  // namespace

TEST_CASE("A plan says for every block from where it comes, and leaves the source as it is") {
  const Scene scene;
  const std::string before = content(scene.target);
  const Json plan = scene.plan(scene.target, {"--rate", "10Mbit", "--rtt", "20ms"});
  CHECK(content(scene.target) == before);
  CHECK(plan["problems"].empty());
  REQUIRE(plan["disks"].size() == 1);
  const Json& disk = plan["disks"][0];
  CHECK(disk["base"] == scene.base.string());
  CHECK(disk["candidates"].size() == 2);
  CHECK(disk["candidates"][0]["covered"] == 500 * kBlock);
  CHECK(disk["candidates"][0]["in_place"] == 300 * kBlock);
  CHECK(disk["candidates"][1]["covered"] == 100 * kBlock);
  CHECK(bytes_from(disk["sources"], "zero") == 50 * kBlock);
  CHECK(bytes_from(disk["sources"], "base") == 500 * kBlock);
  CHECK(bytes_from(disk["sources"], "local") == 100 * kBlock);
  CHECK(bytes_from(disk["sources"], "wire") == 40 * kBlock);
  CHECK(plan["link"]["origin"] == "given");
  CHECK(plan["plain_copy_is_faster"] == false);
  CHECK(plan["forecast"]["wire"] < plan["plain_copies"][0]["wire"]);
  CHECK(plan["difference_sent"].get<std::uint64_t>() + plan["difference_received"].get<std::uint64_t>() < 100'000);

  const fs::path kept = scene.destination / "plans" / plan["id"].get<std::string>();
  const auto list = model::decode_run_list(base::MappedFile(kept / "0.runs").bytes());
  const auto blocks = model::blocks_by_source(list);
  CHECK(blocks[model::SourceKind::base] == 500);
  CHECK(blocks[model::SourceKind::wire] == 40);
  CHECK(list.runs.front() == model::Run{.source = model::SourceKind::base, .blocks = 300, .part = model::kInPlace});
  const base::Captured shown = scene.jaunt({"plan", "--json", "--show", plan["id"]});
  CHECK(Json::parse(shown.out) == plan);
}

TEST_CASE("A kept plan holds until the source or the base changes, and says which it was") {
  const Scene scene;
  const std::string id = scene.plan(scene.target)["id"];
  CHECK(scene.jaunt({"plan", "--check", id}).status.code == 0);

  image_of(scene.target, numbered(1, 690));
  const base::Captured changed = scene.jaunt({"plan", "--json", "--check", id});
  CHECK(changed.status.code == 1);
  CHECK(Json::parse(changed.out)["changes"][0]["subject"] == "disk0");

  fs::remove(scene.base);
  const base::Captured gone = scene.jaunt({"plan", "--check", id});
  CHECK(gone.status.code == 1);
  CHECK(gone.out.find("base.raw") != gone.out.npos);
  CHECK(gone.out.find("gone") != gone.out.npos);

  CHECK(scene.jaunt({"plan", "--drop", id}).status.code == 0);
  CHECK(scene.jaunt({"plan", "--show", id}).status.code == 1);
}

TEST_CASE("What a plan takes from the store is promised to it until it is dropped") {
  const Scene scene;
  const chunkstore::Store store(scene.destination);
  {
    const std::string blocks = content(scene.target).substr(450 * kBlock, 30 * kBlock);
    std::vector<model::BlockId> ids;
    for (std::size_t at = 0; at < blocks.size(); at += kBlock)
      ids.push_back(*model::BlockHasher().id_of(base::as_bytes(std::string_view(blocks).substr(at, kBlock))));
    auto writer = store.write({});
    writer.put(ids, base::as_bytes(blocks));
    writer.commit();
  }
  const Json plan = scene.plan(scene.target, {"--lease", "2h"});
  CHECK(bytes_from(plan["sources"], "store") == 30 * kBlock);
  CHECK(bytes_from(plan["sources"], "wire") == 10 * kBlock);
  CHECK(plan["lease_until"] == plan["created"].get<std::int64_t>() + 7200);
  const auto leases = store.references().list();
  REQUIRE(leases.size() == 1);
  CHECK(leases[0].ids == 30);
  CHECK(leases[0].name.find(plan["id"].get<std::string>()) != std::string::npos);
  CHECK(scene.jaunt({"plan", "--drop", plan["id"]}).status.code == 0);
  CHECK(store.references().list().empty());
}

TEST_CASE("A destination that holds nothing is told so, and gets everything over the link") {
  const TwoHomes homes;
  const fs::path image = image_of(homes.images / "target.raw", numbered(1, 200));
  const Json plan = homes.plan(image, {"--rate", "1Gbit"});
  CHECK(plan["disks"][0]["base_reason"].get<std::string>().find("jaunt catalog add") != std::string::npos);
  CHECK(bytes_from(plan["sources"], "wire") == 200 * kBlock);
  CHECK(plan["forecast"]["wire"] >= 200 * kBlock * 9 / 10);  // noise does not become smaller

  // A line that is told carries headers, too.
  const Json over_thin = homes.plan(image, {"--rate", "1Mbit"})["forecast"];
  const double on_the_line = over_thin["wire"].get<double>() * 8 / 1e6 * 1500 / 1448;
  CHECK(over_thin["seconds"].get<double>() > 0.999 * on_the_line);
  CHECK(over_thin["seconds"].get<double>() < on_the_line + 2);
}

TEST_CASE("A home, a machine or a folder that cannot be meant is named, with the next step") {
  const TwoHomes homes;
  const auto refused = [&](const std::string& subject, int code, const char* part) {
    const base::Captured result = homes.jaunt({"plan", "--format", "raw", subject});
    CAPTURE(subject);
    CAPTURE(result.err);
    CHECK(result.status.code == code);
    CHECK(result.err.find(part) != result.err.npos);
    CHECK(result.err.find("try:") != result.err.npos);
  };
  refused("web1", 2, "which node");
  refused("web1@host-b", 1, "jaunt node init");
  refused("web1@home:/nonexistent", 1, "/nonexistent");
  refused("web1@home:" + homes.destination.string(), 2, "this very node");
  refused("/nonexistent/web1.raw@home:" + homes.source.string(), 1, "/nonexistent/web1.raw");
  const base::TemporaryDirectory elsewhere("/var/tmp");
  const fs::path secret = image_of(elsewhere.path() / "secret.raw", numbered(1, 1));
  refused(secret.string() + "@home:" + homes.source.string(), 12, "secret.raw");
}

TEST_CASE("For a real web server the plan's bytes are those that a comparison of all blocks finds") {
  JAUNT_NEED_GUEST(target, "web-independent");
  JAUNT_NEED_GUEST(same, "web-base");
  JAUNT_NEED_GUEST(minimal, "minimal");
  TwoHomes homes;
  for (const auto* guest : {&same, &minimal}) {
    homes.allowed.push_back(guest->folder.string());
    catalogue(homes.destination, guest->disk, guest->format);
  }
  homes.allowed.push_back(target.folder.string());
  const base::Captured result =
      homes.jaunt({"plan", "--json", "--rate", "100Mbit", "--rtt", "20ms", "--format", target.format, "--to",
                   homes.folder.path().string(), target.disk.string() + "@home:" + homes.source.string()});
  INFO(result.err);
  REQUIRE(result.status.code == 0);
  const Json plan = Json::parse(result.out);
  const Json& disk = plan["disks"][0];
  CHECK(disk["base"] == same.disk.string());

  chunkstore::Catalog mine(homes.source);
  base::Progress silent;
  const auto chain = disk::resolve_chain({.path = target.disk, .format = target.format},
                                         {.folders = {target.folder}, .devices = {}});
  const auto tree = mine.tree_of(chain, {}, silent);
  const chunkstore::Catalog theirs(homes.destination);
  const auto layers = chunkstore::LayersSource::open(theirs);
  std::vector<const model::TreeView*> held;
  for (std::uint32_t part = 0; part < layers->parts(); ++part)
    held.push_back(&layers->tree(part));
  // What is elided is not in the plan's JSON; the needed bytes tell whether all was compared.
  const std::uint64_t found = bytes_from(disk["sources"], "base") + bytes_from(disk["sources"], "local");
  const std::uint64_t wire = bytes_from(disk["sources"], "wire");
  CHECK(found + wire == disk["needed"]);
  const auto all = match::overlap(tree.tree.view(), {}, held);
  MESSAGE("base ", disk["base"].get<std::string>(), ", found ", found, " of ", disk["needed"].get<std::uint64_t>(),
          ", over the link ", plan["forecast"]["wire"].get<std::uint64_t>(), ", working it out ",
          plan["difference_sent"].get<std::uint64_t>() + plan["difference_received"].get<std::uint64_t>());
  CHECK(found <= all.found().value);
  CHECK(plan["difference_sent"].get<std::uint64_t>() + plan["difference_received"].get<std::uint64_t>() < 3'100'000);
}
