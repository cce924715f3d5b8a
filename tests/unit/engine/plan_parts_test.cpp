#include <doctest/doctest.h>

#include "base/error.hpp"
#include "engine/extents_text.hpp"
#include "engine/remote_machine.hpp"
#include "engine/wire_sample.hpp"

using namespace jaunt;
using namespace jaunt::engine;

TEST_CASE("A machine of another home is understood by its last @home:") {
  const RemoteMachine machine = parse_remote_machine("odd@home:name@home:/srv/b");
  CHECK(machine.name == "odd@home:name");
  CHECK(machine.home == "/srv/b");
  CHECK(machine.node() == "home:/srv/b");
  for (const char* wrong : {"web1", "web1@", "@storage", "@home:/srv/b", "web1@home:", ""})
    CHECK_THROWS_AS(parse_remote_machine(wrong), base::Error);
}

TEST_CASE("A machine of another host is understood by what comes after its last @") {
  const RemoteMachine machine = parse_remote_machine("/srv/a@b.raw@[2001:db8::1]:5300");
  CHECK(machine.name == "/srv/a@b.raw");
  CHECK(machine.home.empty());
  CHECK(machine.node() == "[2001:db8::1]:5300");
}

TEST_CASE("Sets of extents are read as they were written, and anything else is refused") {
  model::ExtentSet set;
  set.insert({base::ByteOffset(0), base::ByteCount(4096)});
  set.insert({base::ByteOffset(8192), base::ByteCount(~0ULL - 8192)});
  const std::vector<model::ExtentSet> sets{set, {}, set};
  CHECK(extents_from_text(to_text(sets)) == sets);
  CHECK(extents_from_text("").empty());
  for (const char* wrong : {"1", "1 2", "1 2 3\n", "1 0\n", "-1 2\n", "1  2\n", "18446744073709551615 1\n", "x\n"})
    CHECK_THROWS_AS(extents_from_text(wrong), base::Error);
}

TEST_CASE("A sample of many blocks is spread over all of them and fits a message") {
  BlockSampler sampler(64);
  sampler.add(model::BlockIndex(5), 3);
  sampler.add(model::BlockIndex(1000), 100'000);
  const transport::BlockSet blocks = sampler.take();
  std::size_t groups = 0;
  for (const transport::TileBlocks& tile : blocks)
    for (const std::uint16_t mask : tile.groups)
      groups += mask != 0 ? 1 : 0;
  CHECK(groups > 32);
  CHECK(groups <= 64);
  CHECK(blocks.front().groups[0] == 0b1110'0000);
  CHECK(blocks.back().tile > 300);
  for (std::size_t i = 1; i < blocks.size(); ++i)
    CHECK(blocks[i - 1].tile < blocks[i].tile);
}
