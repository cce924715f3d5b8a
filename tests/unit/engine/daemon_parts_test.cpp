#include <doctest/doctest.h>

#include "base/error.hpp"
#include "engine/control_request.hpp"
#include "engine/control_server.hpp"
#include "engine/daemon_metrics.hpp"
#include "engine/line_buffer.hpp"
#include "engine/teleport_report.hpp"
#include "support/failure.hpp"

using namespace jaunt;
using namespace jaunt::engine;
using namespace jaunt::test_support;

TEST_CASE("What is asked of the daemon arrives as it was asked") {
  TeleportRequest teleport{.subject = parse_remote_machine("web\xff@storage"), .options = {}};
  teleport.subject.limit = base::ByteCount(1'000'000);
  teleport.options.to = "/srv/\xfe";
  teleport.options.plan_id = "20261121-121500-3fa1";
  teleport.options.machine.start = true;
  const ControlRequest asked{
      .does = ControlRequest::Does::teleport, .job = {}, .detached = true, .teleport = teleport};
  const ControlRequest heard = control_request_from_json(to_json(asked));
  CHECK(heard.does == ControlRequest::Does::teleport);
  CHECK(heard.detached);
  REQUIRE(heard.teleport);
  CHECK(to_json(*heard.teleport) == to_json(teleport));
  CHECK(heard.teleport->subject.name == "web\xff");
  CHECK(heard.teleport->options.to == "/srv/\xfe");

  const ControlRequest other = control_request_from_json(
      to_json({.does = ControlRequest::Does::cancel, .job = "20261121-121500-3fa1", .finished = true}));
  CHECK(other.does == ControlRequest::Does::cancel);
  CHECK(other.job == "20261121-121500-3fa1");
  CHECK(other.finished);
}

TEST_CASE("What is no question to the daemon is refused as such") {
  for (const char* wrong :
       {"", "[]", "{}", R"({"do": 1})", R"({"do": "dance"})", R"({"do": "show", "job": "../x"})",
        R"({"do": "show", "job": 5})", R"({"do": "teleport"})", R"({"do": "list", "request": "{}"})",
        R"({"do": "teleport", "request": "{\"bit_exact\": 3}"})",
        R"({"do": "teleport", "request": "{\"bit_exact\": true, \"machine\": \"QA==\"}"})"}) {
    CAPTURE(wrong);
    CHECK(kind_of_failure([&] { control_request_from_json(wrong); }) == base::ErrorKind::corrupt);
  }
  CHECK(kind_of_failure([] { control_request_from_json(std::string(kControlLineBytesMax + 1, ' ')); }) ==
        base::ErrorKind::corrupt);
}

TEST_CASE("Lines come out of a stream however it is cut, and none that is too long") {
  LineBuffer buffer(8);
  CHECK(buffer.add("a"));
  CHECK(!buffer.next());
  CHECK(buffer.add("b\n\ncdefghij\nk"));
  CHECK(buffer.next() == "ab");
  CHECK(buffer.next() == "");
  CHECK(buffer.next() == "cdefghij");
  CHECK(!buffer.next());
  CHECK(buffer.add("lmnopqr"));
  CHECK(!buffer.add("s"));
  CHECK(!buffer.add("\n"));
  CHECK(!buffer.next());
}

TEST_CASE("An error that crossed the socket is the same error") {
  const base::Error error(base::ErrorKind::no_space, "write", "/srv/a\xff", "the disk is full", "make room");
  const base::Error back = error_from_json(to_json(error));
  CHECK(back.kind() == error.kind());
  CHECK(back.operation() == "write");
  CHECK(back.subject() == "/srv/a\\xff");
  CHECK(back.cause() == "the disk is full");
  CHECK(back.remedy() == "make room");
  CHECK(error_from_json("garbage").kind() == base::ErrorKind::io);
}

TEST_CASE("Members of the group put machines of paired nodes where images lie") {
  Config config;
  config.image_folders = {"/var/lib/libvirt/images", "/srv"};
  const auto allowed = [&](const char* machine, const char* to) {
    TeleportRequest request{.subject = parse_remote_machine(machine), .options = {}};
    request.options.to = to;
    return !kind_of_failure([&] { refuse_beyond_group(request, config); });
  };
  CHECK(allowed("web1@storage", "/srv/web1.raw"));
  CHECK(allowed("web1@storage", "/srv/none/web1.raw"));
  CHECK(allowed("web1@storage", "/srv"));
  CHECK_FALSE(allowed("web1@storage", "/srv/../etc/cron.d/x"));
  CHECK_FALSE(allowed("web1@storage", "/srvx/web1.raw"));
  CHECK_FALSE(allowed("web1@storage", "/etc/x"));
  CHECK_FALSE(allowed("web1@storage", "relative"));
  CHECK_FALSE(allowed("web1@home:/tmp/b", "/srv/web1.raw"));
}

TEST_CASE("Metrics add up what finished jobs brought") {
  DaemonMetrics metrics;
  const std::string summary =
      R"({"type":"summary","bytes_by_source":{"wire":4096,"base":1.5e10},"seconds_by_stage":{"build":0.5},)"
      R"("wire_bytes_received":5000,"wire_bytes_sent":70})";
  metrics.count_line(R"({"type":"status"})", false);
  metrics.count_line(summary, true);
  metrics.count_line(summary, true);
  metrics.count_line(R"({"type":"error"})", true);
  metrics.count_line(R"({"type":"cancelled"})", true);
  metrics.count_failed_attempt("peer");
  metrics.count_peer_refused();
  const std::string text = metrics.text(1, 2);
  for (const char* strange : {"no json", R"({"type":7})", R"({"type":"summary","bytes_by_source":[]})"})
    CHECK_NOTHROW(metrics.count_line(strange, true));
  INFO(text);
  for (const char* line :
       {"jaunt_jobs{state=\"running\"} 1", "jaunt_jobs{state=\"waiting\"} 2",
        "jaunt_jobs_ended_total{outcome=\"done\"} 2", "jaunt_jobs_ended_total{outcome=\"failed\"} 1",
        "jaunt_jobs_ended_total{outcome=\"cancelled\"} 1", "jaunt_attempts_failed_total{kind=\"peer\"} 1",
        "jaunt_target_bytes_total{source=\"base\"} 30000000000", "jaunt_wire_bytes_total{direction=\"sent\"} 140",
        "jaunt_stage_seconds_total{stage=\"build\"} 1", "jaunt_peers_refused_total 1"})
    CHECK_MESSAGE(text.find("\n" + std::string(line) + "\n") != std::string::npos, line);
}
