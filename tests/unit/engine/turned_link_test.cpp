// The two ends of a link that the source has dialled, with a link of memory between them.
#include "engine/turned_link.hpp"

#include <thread>
#include <vector>

#include <doctest/doctest.h>

#include "base/error.hpp"
#include "transport/memory_link.hpp"
#include "transport/message_codec.hpp"

using namespace jaunt;
using namespace jaunt::engine;
namespace tp = transport;

namespace {

struct Told : base::Progress {
  std::vector<std::string> stages;
  std::vector<std::string> notes;
  std::uint64_t bytes = 0;

  void stage(std::string_view name, base::ByteCount) override { stages.emplace_back(name); }
  void advance(base::ByteCount more) override { bytes += more.value; }
  void note(std::string_view sentence) override { notes.emplace_back(sentence); }
};

struct Ends {
  tp::LinkPair links = tp::memory_link({.left = "source", .right = "destination"});
  Told told;
  AskingEnd asking{*links.left, [] {}};
  AnsweringEnd answering{*links.right, told};

  void ask(std::uint32_t disk) { asking.send(tp::encode({1, tp::AskSamples{disk}})); }
  void answer(std::uint32_t bits) { answering.send(tp::encode({1, tp::AskSamples{bits}})); }
  std::optional<std::uint32_t> heard() {
    const auto frame = answering.receive();
    return frame ? std::optional(std::get<tp::AskSamples>(tp::decode(*frame).body).disk) : std::nullopt;
  }
};

}  // namespace

TEST_CASE("The source hears questions alone, conversation by conversation, and is told how it goes") {
  Ends ends;
  ends.asking.say(tp::Status{.stage = "planning", .note = {}});
  ends.ask(1);
  ends.asking.say(tp::Status{.stage = "building", .done = 10, .total = 50, .note = {}});
  ends.asking.say(tp::Status{.stage = "building", .done = 30, .total = 50, .note = {}});
  ends.asking.say(tp::Status{.stage = "building", .note = "it is \x1b planned again"});
  ends.ask(2);
  ends.asking.say(tp::Over{});
  ends.ask(3);
  ends.asking.say(tp::Over{});
  ends.asking.say(tp::Finished{"{}"});

  REQUIRE(ends.answering.next_conversation());
  CHECK(ends.heard() == 1);
  CHECK(ends.heard() == 2);
  CHECK(!ends.heard());
  REQUIRE(ends.answering.next_conversation());
  CHECK(ends.heard() == 3);
  CHECK(!ends.heard());
  CHECK(!ends.answering.next_conversation());
  CHECK(ends.answering.finished()->summary == "{}");
  CHECK(ends.told.stages == std::vector<std::string>{"planning", "building"});
  CHECK(ends.told.bytes == 30);
  REQUIRE(ends.told.notes.size() == 1);
  CHECK(ends.told.notes[0].find('\x1b') == std::string::npos);
}

TEST_CASE("A refusal or the link's end is the end of all conversations") {
  Ends refused;
  refused.asking.say(tp::Refusal{base::ErrorKind::no_space, "the disk is full"});
  CHECK(!refused.answering.next_conversation());
  CHECK(refused.answering.refusal()->cause == "the disk is full");
  Ends closed;
  closed.asking.close();
  CHECK(!closed.answering.next_conversation());
  CHECK(!closed.answering.finished());
}

TEST_CASE("What was still under way when a conversation ends is dropped, and the next one counts anew") {
  Ends ends;
  ends.ask(1);
  REQUIRE(ends.answering.next_conversation());
  CHECK(ends.heard() == 1);
  ends.answer(7);
  ends.answer(8);
  std::thread source([&] {
    CHECK(!ends.heard());
    ends.answering.send(tp::encode({0, tp::Over{}}));
  });
  ends.asking.end_conversation();
  source.join();
  CHECK(ends.asking.sent().bytes.value == 0);
  CHECK(ends.asking.received().bytes.value == 0);
  ends.answer(9);
  CHECK(std::get<tp::AskSamples>(tp::decode(*ends.asking.receive()).body).disk == 9);
  CHECK(ends.asking.received().bytes.value > 0);
}

TEST_CASE("Nothing more is asked of a peer that may not push any more, but it is told why") {
  tp::LinkPair links = tp::memory_link({.left = "source", .right = "destination"});
  bool granted = true;
  AskingEnd asking(*links.left, [&] {
    if (!granted)
      throw base::Error(base::ErrorKind::auth, "receive", "source", "its grant was revoked");
  });
  asking.send(tp::encode({1, tp::AskSamples{1}}));
  granted = false;
  CHECK_THROWS_AS(asking.send(tp::encode({1, tp::AskSamples{2}})), base::Error);
  asking.say(tp::Refusal{base::ErrorKind::auth, "its grant was revoked"});
  CHECK(links.right->receive());
  CHECK(std::holds_alternative<tp::Refusal>(tp::decode(*links.right->receive()).body));
}
