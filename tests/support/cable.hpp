// Two network namespaces for programs that talk to each other.
#pragma once

#include <chrono>
#include <string>
#include <utility>
#include <vector>

#include <fmt/format.h>
#include <nlohmann/json.hpp>
#include <unistd.h>

#include "base/process.hpp"

namespace jaunt::test_support {

// Two network namespaces with a cable between them, for the time of a test.
class Cable {
 public:
  Cable() {
    for (const std::string& network : {left, right})
      made_ = ip({"netns", "add", network}) && made_;
    made_ =
        made_ && ip({"link", "add", "cable", "netns", left, "type", "veth", "peer", "name", "cable", "netns", right});
    for (const auto& [network, number] : {std::pair(left, "1"), std::pair(right, "2")})
      made_ = made_ && ip({"-n", network, "addr", "add", fmt::format("192.0.2.{}/24", number), "dev", "cable"}) &&
              ip({"-n", network, "addr", "add", fmt::format("2001:db8::{}/64", number), "dev", "cable", "nodad"}) &&
              ip({"-n", network, "link", "set", "cable", "up"});
  }
  ~Cable() {
    for (const std::string& network : {left, right})
      ip({"netns", "del", network});
  }
  Cable(const Cable&) = delete;
  Cable& operator=(const Cable&) = delete;

  bool made() const { return made_; }
  // Bytes that the interface of the left end sent and received.
  std::uint64_t carried() const {
    const auto shown = base::run({.argv = {"ip", "-n", left, "-j", "-s", "link", "show", "cable"},
                                  .environment = {},
                                  .confinement = std::nullopt},
                                 std::chrono::seconds(10), base::ByteCount(base::kMiB));
    const nlohmann::json stats = nlohmann::json::parse(shown.out)[0]["stats64"];
    return stats["rx"]["bytes"].get<std::uint64_t>() + stats["tx"]["bytes"].get<std::uint64_t>();
  }

  // Nothing passes any more, and nobody is told.
  bool pull() const { return drop("-A"); }
  bool plug() const { return drop("-D"); }

  // Nobody can begin a connection to the left end any more.
  bool hide_left() const {
    return run({"ip", "netns", "exec", left, "iptables", "-A", "INPUT", "-p", "tcp", "--syn", "-j", "DROP"});
  }
  // What both ends send is held to this rate, with a bucket of 16 KiB.
  bool shape(const std::string& rate) const {
    for (const std::string& network : {left, right})
      if (!run({"tc", "-n", network, "qdisc", "replace", "dev", "cable", "root", "tbf", "rate", rate, "burst", "16kb",
                "latency", "300ms"}))
        return false;
    return true;
  }

  const std::string left = fmt::format("jaunt-test-{}-left", ::getpid());
  const std::string right = fmt::format("jaunt-test-{}-right", ::getpid());

 private:
  static bool ip(std::vector<std::string> words) {
    words.insert(words.begin(), "ip");
    return run(words);
  }
  // What arrives at either end.
  bool drop(const std::string& how) const {
    return run({"ip", "netns", "exec", left, "iptables", how, "INPUT", "-i", "cable", "-j", "DROP"}) &&
           run({"ip", "netns", "exec", right, "iptables", how, "INPUT", "-i", "cable", "-j", "DROP"});
  }
  static bool run(const std::vector<std::string>& words) {
    try {
      return base::run({.argv = words, .environment = {}, .confinement = std::nullopt}, std::chrono::seconds(10),
                       base::ByteCount(base::kMiB))
          .status.success();
    } catch (const base::Error&) {
      return false;  // no such program
    }
  }

  bool made_ = true;
};

}  // namespace jaunt::test_support
