// What a node finds out about its links.
#include "engine/link_speed.hpp"

#include <thread>

#include <doctest/doctest.h>

#include "base/file.hpp"
#include "transport/memory_link.hpp"
#include "transport/message_codec.hpp"

using namespace jaunt;
using namespace jaunt::engine;
namespace tp = transport;

namespace {

// A source that answers probes, each byte of which takes its time.
struct Probed {
  tp::LinkPair links = tp::memory_link({.left = "source", .right = "destination"});
  Conversation conversation{*links.left};
  std::uint64_t asked = 0;
  std::thread source;

  explicit Probed(double bytes_per_second) {
    source = std::thread([this, bytes_per_second] {
      while (const auto frame = links.right->receive()) {
        const std::uint32_t bytes = std::get<tp::AskProbe>(tp::decode(*frame).body).bytes;
        asked += bytes;
        std::this_thread::sleep_for(std::chrono::duration<double>(bytes / bytes_per_second));
        links.right->send(tp::encode({1, tp::Probe{base::Bytes(bytes), bytes == 0 ? 4711U : 0U}}));
      }
    });
  }
  ~Probed() {
    links.left->close();
    source.join();
  }
  Probed(const Probed&) = delete;
  Probed& operator=(const Probed&) = delete;
};

// What a probe of a link of that rate asked for.
std::uint64_t asked_at(double rate, std::uint64_t spend) {
  Probed link(rate);
  CHECK(probe_link(link.conversation, base::ByteCount(spend)));
  CHECK(link.conversation.seen_rate().value == 4711);
  return link.asked;
}

}  // namespace

TEST_CASE("A slow link is probed with few bytes, a faster one with more, and no more than may be spent") {
  CHECK(asked_at(25e3, 10'000'000) == 16 * base::kKiB);
  CHECK(asked_at(250e3, 10'000'000) <= (16 + 64 + 256) * base::kKiB);
  CHECK(asked_at(1e9, 100'000) <= (16 + 64) * base::kKiB);
  std::uint64_t most = 0;  // of some tries, since this process may have to wait for a processor
  for (int attempt = 0; attempt < 20 && most < base::kMiB; ++attempt)
    most = asked_at(1e9, 10'000'000);
  CHECK(most > base::kMiB);
  Probed link(1e9);
  CHECK(!probe_link(link.conversation, base::ByteCount(16 * base::kKiB - 1)));
  CHECK(link.asked == 0);
}

TEST_CASE(
    "Neither a slow beginning, nor a burst, nor pieces that were found late and together make a link seem faster") {
  const auto rate = [](std::vector<double> arrivals) {
    std::vector<Seconds> at;
    for (const double second : arrivals)
      at.emplace_back(second);
    return rate_of_pieces(at, 1000);
  };
  CHECK(rate({1, 2, 3, 4, 5, 6, 7, 8}) == doctest::Approx(1000));
  CHECK(rate({0, 3, 4, 5, 6, 7, 8, 9}) == doctest::Approx(1000));
  CHECK(rate({1, 1, 1, 1, 2, 3, 4, 5}) == doctest::Approx(1000));
  CHECK(rate({1, 2, 5, 5, 5, 6, 7, 8}) == doctest::Approx(1000));
  CHECK(rate({1, 2, 3, 4, 7, 7, 7, 8}) == doctest::Approx(750));
  CHECK(rate({1, 1, 1, 1, 1, 1, 1, 1}) == doctest::Approx(3e9));
}

TEST_CASE("What a link has shown is remembered by node, and believed for a while without another probe") {
  const base::TemporaryDirectory folder;
  const Home home(folder.path() / "home");
  const LinkBook book(home);
  CHECK(!book.find("storage"));
  book.note("storage", base::ByteCount(12'500'000));
  book.note("home:/srv/\xff", base::ByteCount(1));
  CHECK(book.find("storage")->bytes_per_second.value == 12'500'000);
  CHECK(!book.find("office"));

  Probed link(1e9);
  CHECK(link_rate("storage", base::ByteCount(base::kGiB), link.conversation, home)->value == 12'500'000);
  CHECK(link.asked == 0);
  CHECK(!link_rate("office", base::ByteCount(1'000'000), link.conversation, home));
  CHECK(link_rate("office", base::ByteCount(base::kGiB), link.conversation, home));
  CHECK(link.asked > 0);
  CHECK(book.find("office"));
  remember_link("office", link.conversation, home);
  CHECK(book.find("office")->bytes_per_second.value == 4711);
}

TEST_CASE("A book that cannot be understood is forgotten, and an old entry counts where nothing can be spent") {
  const base::TemporaryDirectory folder;
  const Home home(folder.path() / "home");
  const auto path = home.cache() / "links.json";
  for (const char* text : {"", "[1]", "{\"storage\": 7}", "{\"storage\": {\"bytes_per_second\": -1}}", "\xff{"}) {
    base::write_text_file(path, text);
    CHECK(!LinkBook(home).find("storage"));
    LinkBook(home).note("storage", base::ByteCount(5));
    CHECK(LinkBook(home).find("storage")->bytes_per_second.value == 5);
  }
  base::write_text_file(path, R"({"storage": {"bytes_per_second": 1000, "measured": 1}})");
  Probed link(1e9);
  CHECK(link_rate("storage", base::ByteCount(1000), link.conversation, home)->value == 1000);
}
