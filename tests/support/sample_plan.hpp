// A plan in which every field has a value of its own, like that of a web server to a host with its kin.
#pragma once

#include "model/plan.hpp"

namespace jaunt::test_support {

inline model::Plan sample_plan() {
  using namespace model;
  using namespace std::chrono_literals;
  using base::ByteCount;
  const auto mib = [](std::uint64_t count) { return ByteCount(count * base::kMiB); };
  const auto file = [](const char* path, std::uint64_t inode) {
    return PlannedFile{path,
                       {.device = 1, .inode = inode, .size = 3, .mtime_ns = -4, .ctime_ns = 1700000000000000001}};
  };
  Plan p;
  p.id = "20261121-121500-3fa1";
  p.subject = "web1";
  p.source = "home:/var/lib/jaunt-a";
  p.name = "web2";
  p.format = "qcow2";
  p.realm = "default";
  p.created = 1795262100;
  p.as_of = 1795262040;
  p.running = true;
  p.lease_until = 1795265700;
  p.link = {.bytes_per_second = ByteCount(12'500'000), .round_trip = 50ms, .origin = "given"};
  DiskPlan& d = p.disks.emplace_back();
  d.target = "vda";
  d.size = mib(8192);
  d.needed = mib(1824);
  d.root.fill(std::byte{0xa5});
  d.carried_root.fill(std::byte{0x5a});
  d.candidates_ranked = 12;
  d.candidates = {{.image = "/var/lib/libvirt/images/web-base.qcow2",
                   .covered = mib(1432),
                   .exact = true,
                   .in_place = mib(118),
                   .chosen = true},
                  {.image = "/var/lib/libvirt/images/minimal.qcow2", .covered = mib(401), .exact = true},
                  {.image = "/srv/old/mail.raw", .covered = mib(260)}};
  d.base = "/var/lib/libvirt/images/web-base.qcow2";
  d.base_reason = "it covers the most";
  d.layers = {
      {.path = "/var/lib/libvirt/images/web-base.qcow2",
       .files = {file("/var/lib/libvirt/images/web-base.qcow2", 7)},
       .of_base = true,
       .hint = true},
      {.path = "/var/lib/libvirt/images/minimal.qcow2", .files = {file("/var/lib/libvirt/images/minimal.qcow2", 8)}}};
  d.sources = {{.source = SourceKind::zero, .bytes = mib(6368)},
               {.source = SourceKind::base, .bytes = mib(1432), .seconds = 9s},
               {.source = SourceKind::local, .bytes = mib(14), .seconds = 200ms},
               {.source = SourceKind::store, .bytes = mib(30), .seconds = 300ms},
               {.source = SourceKind::wire, .bytes = mib(348), .wire = mib(131), .seconds = 11s}};
  d.runs = 7201;
  p.sources = d.sources;
  p.difference_sent = ByteCount(310'000);
  p.difference_received = ByteCount(2'300'000);
  p.forecast = {.wire = mib(134), .seconds = 12s, .slowest = "link"};
  p.plain_copies = {{.name = "zstd -3 piped", .wire = mib(962), .seconds = 81s},
                    {.name = "raw copy", .wire = mib(2547), .seconds = 214s}};
  p.plain_copy_is_faster = true;
  p.elsewhere = {{.link = {.bytes_per_second = ByteCount(1'250'000), .round_trip = 50ms, .origin = "given"},
                  .forecast = {.wire = mib(134), .seconds = 113s, .slowest = "link"},
                  .plain_copy = {.name = "zstd -3 piped", .wire = mib(962), .seconds = 807s}},
                 {.link = {.bytes_per_second = ByteCount(125'000'000), .round_trip = 50ms, .origin = "given"},
                  .forecast = {.wire = mib(134), .seconds = 9s, .slowest = "destination disk"},
                  .plain_copy = {.name = "zstd -3 piped", .wire = mib(962), .seconds = 9s}}};
  p.downtime = 1500ms;
  p.archives = {.count = 2, .bytes = mib(36), .saved = mib(31)};
  p.space = mib(1824);
  p.blockers = {{.subject = "name",
                 .found = "a domain web1 exists here already",
                 .remedy = "choose another name with --as NAME"},
                {.subject = "cpu",
                 .fatal = false,
                 .found = "KVM is not usable here, so the VM would be emulated",
                 .remedy = "run `jaunt doctor`"}};
  p.problems = {{.subject = "vdb", .cause = "it is a network disk"}};
  return p;
}

}  // namespace jaunt::test_support
