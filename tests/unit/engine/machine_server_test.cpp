#include "engine/machine_server.hpp"

#include <stdexcept>
#include <thread>

#include <doctest/doctest.h>

#include "support/failure.hpp"
#include "transport/memory_link.hpp"
#include "transport/message_codec.hpp"

using namespace jaunt;
using namespace jaunt::engine;
namespace tp = jaunt::transport;

TEST_CASE("Whatever keeps a source from answering, the one who asked is told, and not left to wait") {
  const base::TemporaryDirectory folder;
  const Home home(folder.path());
  const Config config;
  base::Progress silent;
  auto ends = tp::memory_link({.left = "source", .right = "destination"}, {});
  std::string thrown;
  std::thread source([&, link = std::move(ends.right)] {
    try {
      serve_machine(*link, {.home = home, .config = config, .progress = silent, .cancel = {}},
                    [](const tp::Body&) { throw std::runtime_error("nobody thought of that"); });
    } catch (const std::exception& failure) {
      thrown = failure.what();
    }
  });
  ends.left->send(tp::encode({7, tp::AskMachine{.subject = "web1", .format = {}, .bit_exact = false}}));
  const auto answer = ends.left->receive();
  REQUIRE(answer);
  const tp::Message message = tp::decode(*answer);
  CHECK(message.number == 7);
  CHECK(std::get<tp::Refusal>(message.body).cause.find("nobody thought of that") != std::string::npos);
  ends.left->close();
  source.join();
  CHECK(thrown == "nobody thought of that");
}
