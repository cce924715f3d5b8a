#include "engine/journal.hpp"

#include <algorithm>

#include <doctest/doctest.h>

#include "base/error.hpp"

using namespace jaunt;
using namespace jaunt::engine;

namespace {

const std::vector<Record> kStory{
    JobBegun{.kind = "describe", .subject = "web\xff", .version = "0.1.0", .pid = 4711},
    TemporaryMade{.path = "/tmp/jaunt-x"},
    BackupBegun{.connection = "qemu:///system", .domain = "6f1b1d3c", .folder = "/scratch/\n"},
    Requested{.request = R"({"machine": "\xff"})"},
    PlanChosen{.id = "20261121-121500-3fa1", .own = true},
    StageDone{.name = "read"},
    BackupEnded{.domain = "6f1b1d3c"},
    AttemptFailed{.kind = "peer", .what = "cannot call b\xff: no route", .remedy = "try again"},
    AttemptCounted{
        .attempt = 2, .sent = 1, .received = 2'000'000'000'000, .milliseconds = 3, .bytes = {{4, 5, 6, 7}}},
    JobFinished{.outcome = "done"},
};

struct Fixture {
  base::TemporaryDirectory folder;
  std::filesystem::path path = folder.path() / "journal";
  std::vector<std::size_t> ends;  // of each record, in bytes

  void write_story() {
    Journal journal = Journal::create(path);
    for (const Record& record : kStory) {
      journal.append(record);
      ends.push_back(std::filesystem::file_size(path));
    }
  }
  std::string bytes() const { return base::read_text_file(path, base::ByteCount(base::kMiB)); }
  std::size_t whole_records_within(std::size_t size) const {
    return static_cast<std::size_t>(std::upper_bound(ends.begin(), ends.end(), size) - ends.begin());
  }
};

std::vector<Record> first(std::size_t count) {
  return {kStory.begin(), kStory.begin() + static_cast<std::ptrdiff_t>(count)};
}

}  // namespace

TEST_CASE("A journal gives back what was appended, whatever bytes its texts hold") {
  Fixture f;
  f.write_story();
  CHECK(read_journal(f.path) == kStory);
}

TEST_CASE("A journal cut at any byte gives the records that were whole before it") {
  Fixture f;
  f.write_story();
  const std::string whole = f.bytes();
  for (std::size_t size = 0; size <= whole.size(); ++size) {
    CAPTURE(size);
    REQUIRE(records_of(whole.substr(0, size)) == first(f.whole_records_within(size)));
  }
}

TEST_CASE("A journal with any bit flipped gives the records before it") {
  Fixture f;
  f.write_story();
  const std::string whole = f.bytes();
  for (std::size_t bit = 0; bit < whole.size() * 8; ++bit) {
    CAPTURE(bit);
    std::string flipped = whole;
    flipped[bit / 8] = static_cast<char>(flipped[bit / 8] ^ (1 << bit % 8));
    REQUIRE(records_of(flipped) == first(f.whole_records_within(bit / 8)));
  }
}

TEST_CASE("A record that was moved or repeated ends the journal") {
  Fixture f;
  f.write_story();
  const std::string whole = f.bytes();
  const std::string second = whole.substr(f.ends[0], f.ends[1] - f.ends[0]);
  CHECK(records_of(whole.substr(0, f.ends[1]) + second + whole.substr(f.ends[1])) == first(2));
  CHECK(records_of(second + whole).empty());
}

TEST_CASE("A journal goes on after a torn record as if it had never been") {
  Fixture f;
  f.write_story();
  base::write_text_file(f.path, f.bytes().substr(0, f.ends[2] + 7));
  Journal::reopen(f.path).append(JobFinished{.outcome = "recovered"});
  std::vector<Record> expected = first(3);
  expected.emplace_back(JobFinished{.outcome = "recovered"});
  CHECK(read_journal(f.path) == expected);
}

TEST_CASE("A journal is never begun over another one") {
  Fixture f;
  f.write_story();
  CHECK_THROWS_AS(Journal::create(f.path), base::Error);
  CHECK(read_journal(f.path) == kStory);
}
