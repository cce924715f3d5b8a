// A destination whose jobs a daemon carries out.
#pragma once

#include "integration/paired_scene.hpp"
#include "support/soon.hpp"

namespace jaunt::test_support {

struct DaemonScene : Scene {
  // 12 MB come over the link, in some seconds.
  static constexpr const char* kSlow = "32Mbit";

  explicit DaemonScene(const std::vector<std::string>& environment = {}) { begin_daemon(environment); }

  void begin_daemon(const std::vector<std::string>& environment = {}) {
    destination.more_environment = environment;
    destination.serve("127.0.0.1:0", "daemon");
    destination.more_environment.clear();
  }
  void kill_daemon() { destination.server().kill(); }

  // Returns the job's id.
  std::string detach(const std::vector<std::string>& options = {"--limit", kSlow}) const {
    return detach_to(target, options);
  }
  std::string detach_to(const fs::path& to, const std::vector<std::string>& options = {"--limit", kSlow}) const {
    std::vector<std::string> words{"teleport", "--json", "--detach",  "--format",
                                   "raw",      "--to",   to.string(), wanted.string() + "@storage"};
    words.insert(words.end(), options.begin(), options.end());
    const base::Captured result = destination.jaunt(words);
    INFO(result.out << result.err);
    REQUIRE(result.status.code == 0);
    return Json::parse(result.out).at("id");
  }

  std::vector<Json> jobs(const std::vector<std::string>& options = {}) const {
    std::vector<std::string> words{"job", "list", "--json"};
    words.insert(words.end(), options.begin(), options.end());
    return lines_of(destination.jaunt(words).out);
  }
  // Of a job that may be over; empty where there is none.
  std::string state_of(const std::string& job) const {
    const base::Captured shown = destination.jaunt({"job", "show", "--json", job});
    return shown.status.code == 0 ? Json::parse(shown.out).at("state").get<std::string>() : "";
  }
  Json receipt_of(const std::string& job) const {
    return lines_of(destination.jaunt({"job", "show", "--receipt", job}).out).at(0);
  }

  void wait_for_half() const {
    const std::uint64_t half = fs::file_size(wanted) / 2;
    REQUIRE(comes_true([&] { return placed() >= half; }));
    REQUIRE(!fs::exists(target));
  }
  void expect_right_end(const std::string& job) const {
    REQUIRE(comes_true([&] { return state_of(job) == "done"; }));
    CHECK(content(target) == content(wanted));
    CHECK(jobs().empty());
  }
  bool nothing_left() const {
    return fs::is_empty(here) && jobs().empty() &&
           chunkstore::Store(destination.path()).references().list().empty() &&
           destination.jaunt({"plan", "--list", "--json"}).out.empty();
  }
};

}  // namespace jaunt::test_support
