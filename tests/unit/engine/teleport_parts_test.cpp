#include <thread>

#include <doctest/doctest.h>

#include "base/error.hpp"
#include "engine/bounded_queue.hpp"
#include "engine/teleport_request.hpp"

using namespace jaunt;
using namespace jaunt::engine;

TEST_CASE("A teleport's request comes back from its journal as it was asked") {
  TeleportRequest request{.subject = {.name = "odd@\xff",
                                      .home = "/srv/b",
                                      .bit_exact = true,
                                      .media = true,
                                      .limit = base::ByteCount(1'250'000)},
                          .options = {}};
  request.options.to = "/srv/\xfe.raw";
  request.options.target_format = "raw";
  request.options.thin = Thin::layers;
  request.options.plan.format = "qcow2";
  request.options.plan.realm = "customer7";
  request.options.plan.bytes_per_second = base::ByteCount(12'500'000);
  request.options.plan.round_trip = std::chrono::microseconds(50'000);
  const TeleportRequest back = teleport_request_from_json(to_json(request));
  CHECK(back.subject.name == request.subject.name);
  CHECK(back.subject.home == request.subject.home);
  CHECK(back.subject.bit_exact);
  CHECK(back.subject.media);
  CHECK(back.options.thin == Thin::layers);
  CHECK(back.subject.limit == request.subject.limit);
  CHECK(back.options.to == request.options.to);
  CHECK(back.options.target_format == "raw");
  CHECK(back.options.plan.format == "qcow2");
  CHECK(back.options.plan.realm == "customer7");
  CHECK(back.options.plan.bytes_per_second == request.options.plan.bytes_per_second);
  CHECK(back.options.plan.round_trip == request.options.plan.round_trip);
  const TeleportRequest plain = teleport_request_from_json(to_json({{.name = "web1", .home = "/srv/b"}, {}}));
  CHECK(!plain.options.plan.format);
  CHECK(!plain.subject.bit_exact);
  CHECK(!plain.subject.media);
  CHECK(plain.options.thin == Thin::flat);
  CHECK(!plain.subject.limit);
  for (const char* wrong : {"", "{}", "[]", "{\"machine\": 1}"})
    CHECK_THROWS_AS(teleport_request_from_json(wrong), base::Error);
}

TEST_CASE("A bounded queue keeps order, lets nobody run ahead, and ends when either side wants") {
  BoundedQueue<int> queue(10);
  std::thread writer([&] {
    for (int i = 0; i < 100; ++i)
      queue.put(i, i % 20);
    queue.close();
  });
  for (int i = 0; i < 100; ++i)
    CHECK(queue.take() == i);
  CHECK(!queue.take());
  writer.join();

  BoundedQueue<int> abandoned(1);
  CHECK(abandoned.put(1, 1));
  std::thread waiting([&] { CHECK(!abandoned.put(2, 1)); });
  abandoned.close();
  waiting.join();
  CHECK(abandoned.take() == 1);
  CHECK(!abandoned.take());
}
