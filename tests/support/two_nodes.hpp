// Two paired nodes that talk over the loopback interface.
#pragma once

#include <chrono>
#include <memory>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "identity/node_key.hpp"
#include "transport/network.hpp"

namespace jaunt::test_support {

struct TwoNodes {
  explicit TwoNodes(const transport::Patience& how_patient = {}, const transport::Timetable& limit = {},
                    const transport::Width& width = {})
      : patience(how_patient),
        source(source_key, {.limit = limit,
                            .patience = patience,
                            .log =
                                [this](const std::string& line) {
                                  const std::scoped_lock lock(mutex);
                                  lines.push_back(line);
                                }}),
        destination(destination_key, {.limit = {}, .patience = patience, .width = width, .log = {}}) {
    listener = source.listen({{.host = "127.0.0.1", .port = 0}}, admission(), cancel);
  }

  identity::NodeKey source_key = identity::NodeKey::generate();
  identity::NodeKey destination_key = identity::NodeKey::generate();
  transport::Patience patience;
  base::CancelToken cancel;
  std::mutex mutex;
  std::vector<std::string> lines;
  std::function<void(const transport::InviterTalk::Knows&, const transport::Acquaintance&)> redeem;
  bool invites = false;
  transport::Network source;
  transport::Network destination;
  std::unique_ptr<transport::Listener> listener;

  struct Ends {
    std::unique_ptr<transport::Link> near;  // of the destination, which dials
    std::unique_ptr<transport::Link> far;
  };
  Ends link() {
    auto near = destination.connect(call(), cancel);
    return {.near = std::move(near), .far = listener->accept().link};
  }

  transport::Call call() const {
    return {.peer = "source", .address = listener->addresses().front(), .expected = [this](const auto& key) {
              return key == source_key.public_key();
            }};
  }

  // Also a line that comes soon.
  bool log_has(const std::string& part) {
    for (int i = 0; i < 300; ++i) {
      {
        const std::scoped_lock lock(mutex);
        for (const std::string& line : lines)
          if (line.find(part) != std::string::npos)
            return true;
      }
      std::this_thread::sleep_for(std::chrono::milliseconds(10));
    }
    return false;
  }

 private:
  transport::Admission admission() {
    return {.name_of =
                [this](const auto& key) {
                  return key == destination_key.public_key() ? std::optional<std::string>("destination")
                                                             : std::nullopt;
                },
            .invites = [this] { return invites; },
            .redeem = [this](const auto& knows, const auto& them, const std::string&) { redeem(knows, them); },
            .own_words = {.name = "source-host", .port = 1}};
  }
};

}  // namespace jaunt::test_support
