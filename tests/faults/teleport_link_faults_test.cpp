// A teleport between two nodes, of which either is killed, or whose link is cut at any byte: nothing half visible,
// the source as it was, and what goes on ends with the right disk and nothing left behind.
#include <cstdio>
#include <map>

#include "integration/paired_scene.hpp"
#include "support/cut_link.hpp"
#include "support/seed.hpp"

using namespace jaunt;
using namespace jaunt::test_support;

namespace {

using Random = std::mt19937_64;
using Points = std::map<std::string, unsigned>;  // how often a teleport comes by each

class Stage : Scene {
 public:
  Stage() {
    REQUIRE(destination.jaunt({"node", "remove", "storage"}).status.code == 0);
    pair("describe,send", link_.port());
    serve_with({});
    summary_of(teleport());  // what is cached, is from now on
    begin_again();
    const std::uint64_t before = link_.passed();
    here_ = points_of(destination, [&] { summary_of(teleport()); });
    bytes_ = link_.passed() - before;
    begin_again();
    there_ = points_of(source, [&] {
      serve_with({"JAUNT_TRACE_POINTS=" + trace().string()});
      summary_of(teleport());
    });
    serve_with({});
    begin_again();
  }

  const Points& points_here() const { return here_; }
  const Points& points_there() const { return there_; }

  // So often it was interrupted indeed.
  unsigned killed_here = 0;
  unsigned killed_there = 0;
  unsigned cuts = 0;

  // Interrupted by this once, some other time while it goes on, then left to end.
  template <typename Interrupt>
  void survive(Random& random, const Interrupt& interrupt) {
    interrupt([&] { return teleport(); });
    check_nothing_wrong();
    if (random() % 2 == 0 && resumable())
      cut(random, [&] { return resume(); });
    while (resumable())
      summary_of(resume());
    if (!fs::exists(target))  // it had not yet begun
      summary_of(teleport());
    check_nothing_wrong();
    check_tidy();
    begin_again();
  }

  template <typename Work>
  void kill_here(Random& random, const Work& work) {
    destination.more_environment = {"JAUNT_KILL_AT=" + some_of(here_, random)};
    count(work(), killed_here);
    destination.more_environment.clear();
  }
  template <typename Work>
  void kill_there(Random& random, const Work& work) {
    serve_with({"JAUNT_KILL_AT=" + some_of(there_, random)});
    count(work(), killed_there);
    serve_with({});
  }
  template <typename Work>
  void cut(Random& random, const Work& work) {
    link_.cut_after(random() % bytes_);
    count(work(), cuts);
    link_.mend();
  }

 private:
  fs::path trace() const { return folder.path() / "trace"; }

  template <typename Work>
  Points points_of(ServedHome& of, const Work& work) {
    of.more_environment = {"JAUNT_TRACE_POINTS=" + trace().string()};
    work();
    of.more_environment.clear();
    Points points;
    std::ifstream lines(trace());
    for (std::string name; std::getline(lines, name);)
      ++points[name];
    fs::remove(trace());
    return points;
  }

  static std::string some_of(const Points& points, Random& random) {
    const auto point = std::next(points.begin(), static_cast<std::ptrdiff_t>(random() % points.size()));
    return fmt::format("{}:{}", point->first, 1 + random() % point->second);
  }

  void serve_with(const std::vector<std::string>& environment) {
    if (!source.server().poll())
      source.stop();
    serve_again(environment);
    source.more_environment.clear();
  }

  // It was killed, lost the link, or came through before that.
  static void count(const base::Captured& result, unsigned& interrupted) {
    INFO(result.out << result.err);
    REQUIRE((result.status.signal == SIGKILL || result.status.code == 10 || result.status.success()));
    interrupted += result.status.success() ? 0 : 1;
  }

  bool resumable() const { return !destination.jaunt({"job", "list", "--json"}).out.empty(); }

  void check_nothing_wrong() const {
    for (const auto& entry : fs::directory_iterator(here))
      if (entry.path().filename().string().front() != '.')
        REQUIRE(content(entry.path()) == wanted_);
    REQUIRE(content(wanted) == wanted_);
    REQUIRE(content(there.base) == base_);
  }

  // Neither hidden files nor promises, but a plan that was made and that no job knew of when it was killed.
  void check_tidy() const {
    REQUIRE(fs::exists(target));
    CHECK(std::distance(fs::directory_iterator(here), {}) == 1);
    CHECK(!resumable());
    CHECK(chunkstore::Store(destination.path()).references().list().empty());
    const auto plans = lines_of(destination.jaunt({"plan", "--list", "--json"}).out);
    for (const Json& plan : plans)
      destination.jaunt({"plan", "--drop", plan["id"]});
    CHECK(plans.size() <= 1);
    CHECK(fs::is_empty(source.path() / "jobs"));
  }

  void begin_again() const {
    destination.jaunt({"catalog", "remove", target.string()});
    fs::remove(target);
  }

  CutLink link_{source.port()};
  const std::string wanted_ = content(wanted);
  const std::string base_ = content(there.base);
  Points here_;
  Points there_;
  std::uint64_t bytes_ = 0;  // of a whole teleport
};

}  // namespace

TEST_CASE(
    "Either node killed at any point, and a link cut at any byte, leave nothing half visible, and it ends right") {
  Stage stage;
  testing::for_seeds(4, [&](Random& random) {
    stage.survive(random, [&](const auto& work) { stage.kill_here(random, work); });
    stage.survive(random, [&](const auto& work) { stage.kill_there(random, work); });
    stage.survive(random, [&](const auto& work) { stage.cut(random, work); });
  });
  std::printf(
      "campaign: destination killed %u times (%zu points), source %u times (%zu points), link cut %u times: every "
      "disk "
      "right, nothing half visible, the source bit for bit as it was\n",
      stage.killed_here, stage.points_here().size(), stage.killed_there, stage.points_there().size(), stage.cuts);
  CHECK(stage.points_here().size() >= 8);
  CHECK(stage.points_there().size() >= 1);
  CHECK(stage.killed_here + stage.killed_there + stage.cuts >= (testing::full_campaign() ? 130U : 8U));
}
