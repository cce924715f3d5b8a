#include "match/estimate.hpp"

#include <limits>

#include <doctest/doctest.h>

#include "base/error.hpp"

using namespace jaunt;
using base::ByteCount;
using match::Costs;
using match::Forecast;
using match::Survey;
using match::Task;
using model::SourceKind;

namespace {

constexpr std::uint64_t kBlocksPerMiB = 256;

// A web server of 2000 MiB: so many MiB are in the base in long runs, scattered in other images, and nowhere.
Task server(std::uint64_t base, std::uint64_t local, std::uint64_t nowhere) {
  Task task;
  for (std::uint64_t i = 0; i < base; ++i)
    task.survey.add_run(kBlocksPerMiB, kBlocksPerMiB, {SourceKind::base, SourceKind::local});
  for (std::uint64_t i = 0; i < local * 128; ++i)
    task.survey.add_run(2, 2, {SourceKind::local});
  task.survey.add_run(nowhere * kBlocksPerMiB, nowhere * kBlocksPerMiB, {});
  task.survey.add_zero(ByteCount(6 * base::kGiB));
  task.nonzero = ByteCount(2700 * base::kMiB);
  return task;
}

Costs link_of(double rate) {
  Costs costs;
  costs.link.rate = rate;
  return costs;
}

ByteCount mib(std::uint64_t n) {
  return ByteCount(n * base::kMiB);
}

}  // namespace

TEST_CASE("On a slow link only what is nowhere else crosses, compressed as hard as the link's slowness pays for") {
  const Forecast forecast = match::forecast(server(1500, 100, 400), link_of(1e6));
  CHECK(forecast.sources[SourceKind::base].bytes == mib(1500));
  CHECK(forecast.sources[SourceKind::local].bytes == mib(100));
  CHECK(forecast.sources[SourceKind::wire].bytes == mib(400));
  CHECK(forecast.sources[SourceKind::zero].bytes == ByteCount(6 * base::kGiB));
  CHECK(forecast.choice.compression_level == 13);
  CHECK(forecast.slowest == "link");
  CHECK(forecast.wire < mib(128));
  CHECK_FALSE(forecast.plain_copy_is_faster);
}

TEST_CASE("A faster link takes a lower level") {
  CHECK(match::forecast(server(1500, 100, 400), link_of(15e6)).choice.compression_level == 9);
  CHECK(match::forecast(server(1500, 100, 400), link_of(20e6)).choice.compression_level == 6);
  CHECK(match::forecast(server(1500, 100, 400), link_of(125e6)).choice.compression_level <= 9);
}

TEST_CASE("A limit counts like a slow link") {
  Costs costs = link_of(1e9);
  costs.link.limit = 1e6;
  const Forecast limited = match::forecast(server(1500, 100, 400), costs);
  CHECK(limited.seconds == doctest::Approx(match::forecast(server(1500, 100, 400), link_of(1e6)).seconds));
}

TEST_CASE("Where a plain copy is faster it says so, and sends everything") {
  Task task = server(100, 0, 1900);
  task.nonzero = mib(2000);
  task.read_first = mib(2000);
  Costs costs = link_of(10e9);
  const Forecast forecast = match::forecast(task, costs);
  CHECK(forecast.plain_copy_is_faster);
  CHECK(forecast.choice.plain);
  CHECK(forecast.plain_copies.front().name == "raw copy");
  CHECK(forecast.seconds == forecast.plain_copies.front().seconds);
  CHECK(forecast.sources[SourceKind::base].bytes == ByteCount(0));
  CHECK(forecast.sources[SourceKind::wire].bytes == mib(2000));
  CHECK(forecast.choice.source_of({SourceKind::base}, 1000) == SourceKind::wire);
}

TEST_CASE("Scattered blocks on a slow disk come over the link instead") {
  Costs costs = link_of(20e6);
  costs.destination.disk_read = 150e6;
  costs.destination.seek = 8e-3;
  Task task = server(1000, 500, 500);
  task.survey.add_run(100 * kBlocksPerMiB, 100 * kBlocksPerMiB, {SourceKind::local});
  const Forecast forecast = match::forecast(task, costs);
  CHECK(forecast.sources[SourceKind::base].bytes == mib(1000));
  CHECK(forecast.sources[SourceKind::local].bytes == mib(100));
  CHECK(forecast.choice.run_class_min > 1);
  CHECK(forecast.choice.run_class_min <= 8);
  CHECK(forecast.choice.source_of({SourceKind::local}, 2) == SourceKind::wire);
  CHECK(forecast.choice.source_of({SourceKind::local, SourceKind::base}, 256) == SourceKind::base);
}

TEST_CASE("Archives are taken apart where the link is slow, which is never slower than leaving them") {
  Task task = server(1500, 100, 400);
  task.archives = mib(36);
  const Forecast slow = match::forecast(task, link_of(1e6));
  const Forecast without = match::forecast(server(1500, 100, 400), link_of(1e6));
  CHECK(slow.archives_saved > mib(30));
  CHECK(slow.wire + slow.archives_saved == without.wire);
  CHECK(slow.seconds < without.seconds);
  CHECK(match::forecast(task, link_of(125e6)).archives_saved == ByteCount(0));
  double before = 1e9;
  for (double rate = 1e5; rate < 1e9; rate *= 1.2) {
    const double seconds = match::forecast(task, link_of(rate)).seconds;
    CHECK(seconds <= before);
    before = seconds;
  }
}

TEST_CASE("A mirror is used where it is faster than the link, and never when there is none") {
  Task task;
  task.survey.add_run(100'000, 100'000, {SourceKind::package});
  task.survey.add_run(100'000, 100'000, {});
  task.nonzero = ByteCount(200'000 * 4096);
  Costs costs = link_of(1e6);
  CHECK(match::forecast(task, costs).sources[SourceKind::package].bytes == ByteCount(0));
  costs.mirror = 50e6;
  const Forecast forecast = match::forecast(task, costs);
  CHECK(forecast.sources[SourceKind::package].bytes == ByteCount(100'000 * 4096));
  CHECK(forecast.sources[SourceKind::package].moved.value == 65'536'000);
  costs.mirror = 1000;
  CHECK(match::forecast(task, costs).sources[SourceKind::package].bytes == ByteCount(0));
}

TEST_CASE("Of a run that the store and another image hold, the one is taken that costs less here") {
  Task task;
  for (int i = 0; i < 1000; ++i)
    task.survey.add_run(256, 256, {SourceKind::local, SourceKind::store});
  task.nonzero = mib(1000);
  Costs slow_disk = link_of(1e6);
  slow_disk.destination.disk_read = 50e6;
  const Forecast packed = match::forecast(task, slow_disk);
  CHECK(packed.sources[SourceKind::store].bytes == mib(1000));
  CHECK(packed.sources[SourceKind::store].moved == mib(400));
  Costs slow_cpu = link_of(1e6);
  slow_cpu.decompression = 30e6;
  const Forecast plain = match::forecast(task, slow_cpu);
  CHECK(plain.sources[SourceKind::local].bytes == mib(1000));
}

TEST_CASE("Long runs come from the store and short ones from an image, where each is cheaper so") {
  Task task;
  for (int i = 0; i < 1000; ++i)
    task.survey.add_run(256, 256, {SourceKind::base, SourceKind::store});
  for (int i = 0; i < 10'000; ++i)
    task.survey.add_run(2, 2, {SourceKind::local, SourceKind::store});
  task.nonzero = mib(1100);
  Costs costs = link_of(1e5);
  costs.destination.disk_read = 50e6;
  const Forecast forecast = match::forecast(task, costs);
  CHECK(forecast.sources[SourceKind::store].bytes == mib(1000));
  CHECK(forecast.sources[SourceKind::local].bytes == ByteCount(20'000 * 4096));
  CHECK(forecast.choice.source_of({SourceKind::base, SourceKind::store}, 256) == SourceKind::store);
  CHECK(forecast.choice.source_of({SourceKind::local, SourceKind::store}, 2) == SourceKind::local);
}

TEST_CASE("A lone block of the store costs its whole group") {
  Task task;
  task.survey.add_run(1, 1, {SourceKind::store});
  task.nonzero = mib(1);
  Costs costs = link_of(1e3);
  costs.store_ratio = 0.5;
  CHECK(match::forecast(task, costs).sources[SourceKind::store].moved == ByteCount(32 * 4096));
}

TEST_CASE("A block that is needed twice crosses once") {
  Task task;
  task.survey.add_run(1000, 500, {});
  task.nonzero = ByteCount(1000 * 4096);
  Costs costs = link_of(1e6);
  costs.compression = {};
  costs.plain_ratio = 1;
  const Forecast forecast = match::forecast(task, costs);
  CHECK(forecast.sources[SourceKind::wire].bytes == ByteCount(1000 * 4096));
  CHECK(forecast.sources[SourceKind::wire].moved == ByteCount(500 * 4096));
}

TEST_CASE("What has to be read first, and round trips, come on top") {
  Task task = server(1500, 100, 400);
  const Costs costs = link_of(1e6);
  const double before = match::forecast(task, costs).seconds;
  task.read_first = ByteCount(5'000'000'000);
  task.difference = ByteCount(3'000'000);
  task.round_trips += 10;
  const Forecast after = match::forecast(task, costs);
  CHECK(after.seconds == doctest::Approx(before + 10 + 3 + 10 * 1e-3).epsilon(0.001));
  CHECK(after.wire == after.sources[SourceKind::wire].moved + ByteCount(3'000'000));
}

TEST_CASE("A thin target needs no room for its base and no writing of it") {
  Task task = server(1500, 100, 400);
  const Forecast flat = match::forecast(task, link_of(125e6));
  task.thin = true;
  const Forecast thin = match::forecast(task, link_of(125e6));
  CHECK(flat.space == mib(2000));
  CHECK(thin.space == mib(500));
  CHECK(thin.seconds <= flat.seconds);
}

TEST_CASE("A guest that is shut off has no downtime; a running one as much as its last round takes") {
  Task task = server(1500, 100, 400);
  CHECK(match::forecast(task, link_of(10e6)).downtime_seconds == 0);
  task.running = true;
  const double without_memory = match::forecast(task, link_of(10e6)).downtime_seconds;
  CHECK(without_memory > 0);
  CHECK(without_memory < 1);
  task.memory = ByteCount(1'000'000'000);
  CHECK(match::forecast(task, link_of(10e6)).downtime_seconds == doctest::Approx(without_memory + 33));
}

TEST_CASE("The parts of a plan add up: each disk by itself gives what all give together") {
  const Task one = server(700, 10, 100);
  const Task two = server(20, 300, 5);
  Task both = one;
  both.survey += two.survey;
  const Costs costs = link_of(10e6);
  const Forecast forecast = match::forecast(both, costs);
  const auto first = match::tally(one.survey, forecast.choice, costs);
  const auto second = match::tally(two.survey, forecast.choice, costs);
  for (const SourceKind kind : model::kSourceKinds)
    CHECK(first[kind].bytes + second[kind].bytes == forecast.sources[kind].bytes);
}

TEST_CASE("Numbers that cannot be are refused by name") {
  Costs costs;
  costs.link.limit = 0;
  CHECK_THROWS_WITH_AS(match::forecast({}, costs), doctest::Contains("the link's limit"), base::Error);
  costs = {};
  costs.destination.disk_write = -1;
  CHECK_THROWS_WITH_AS(match::forecast({}, costs), doctest::Contains("the destination writes"), base::Error);
  costs = {};
  costs.link.rate = std::numeric_limits<double>::quiet_NaN();
  CHECK_THROWS_AS(match::forecast({}, costs), base::Error);
}
