// One message of every kind, with something in every field.
#pragma once

#include <vector>

#include "transport/messages.hpp"

namespace jaunt::test_support {

inline std::vector<transport::Message> sample_messages() {
  using namespace transport;
  base::Hash32 hash;
  hash.fill(std::byte{0x5a});
  std::vector<base::Hash32> nodes(kNodesMax);
  nodes[0] = nodes[8] = nodes[255] = hash;
  BlockSet blocks{{0, {}}, {1, {}}, {4096, {}}};
  blocks[0].groups = {0xffff, 0, 0x8001};
  blocks[1].groups.fill(0xffff);
  blocks[2].groups[15] = 1;
  const base::Bytes bits{std::byte{1}, std::byte{0x80}, std::byte{0}};
  return {
      {1, Hello{1, {"alpha", "beta"}}},
      {1, Welcome{1,
                  {"alpha"},
                  {{"vda", base::ByteCount(5000), hash, hash, {}, 2, 1, 2},
                   {"sd\xff", base::ByteCount(base::kTiB), hash, hash, hash, 3, 3, 1}}}},
      {2, AskSamples{1}},
      {2, Samples{7, {{1, 3}, {std::uint64_t{1} << 56, 1}}, 9, 8, 20}},
      {3, AskNodes{1, {6, 3}, 2}},
      {3, Nodes{nodes}},
      {4, Nodes{{hash}}},
      {5, AskGroups{2, {0, 7, 0xffffffff}, 20}},
      {5, Groups{blocks, bits}},
      {6, AskIds{3, blocks, 8, 24}},
      {6, Ids{bits}},
      {7, AskChecks{0, blocks, true}},
      {7, Checks{bits}},
      {8, AskMachine{"web1", "raw", true, true}},
      {8, Machine{R"({"name": "web1"})", 1'700'000'000, bits, 540'672, "its filesystems were frozen", true, 355}},
      {9, AskSizes{1, blocks, 1'000'000}},
      {9, Sizes{base::ByteCount(8192), base::ByteCount(3000), base::ByteCount(65536), base::ByteCount(20000),
                base::ByteCount(4096)}},
      {10, AskStream{12'500'000, 26, 1, blocks}},
      {10, Stream{base::ByteCount(8192)}},
      {11, AskBlocks{2, blocks, {}}},
      {11, AskBlocks{2, blocks, std::vector<base::Bytes>(blocks.size(), bits)}},
      {11, Blocks{true, bits, {}}},
      {11, Blocks{false, bits, {0, 77}}},
      {12, AskProbe{65'536}},
      {12, Probe{bits, 12'500'000}},
      {1, AskReceive{"web1", "qcow2", true, "/srv/images", "raw", "web2", "default", true, true, true, 125'000'000}},
      {1, Receiving{"20261121-121500-3fa1", true}},
      {0, Status{"building vda", 1'000'000, 2'000'000'000, "it is planned again"}},
      {0, Over{}},
      {0, Finished{R"({"type": "summary"})"}},
      {13, AskOrder{1, blocks}},
      {13, Order{{7, 7, 0xffffffff, 0}}},
      {14, AskArchives{1}},
      {14, Archives{{{"boot/initrd.img", base::ByteCount(36'000'000), {model::BlockId{}, model::BlockId{}}}}}},
      {15, AskUnpacked{1, 3}},
      {15, Unpacked{false, "no encoder makes it again", "", "", 0, {}}},
      {15, Unpacked{true,
                    "",
                    "gzip -6",
                    "1.12",
                    4,
                    {"boot/initrd.img", base::ByteCount(5000), hash, hash, {}, 2, 1, 2}}},
      {13, AskPackages{}},
      {13, Packages{bits, 12'000}},
      {0xffffffff, Refusal{base::ErrorKind::limit, "too much"}},
  };
}

}  // namespace jaunt::test_support
