#include "identity/peers.hpp"

#include <doctest/doctest.h>
#include <sys/stat.h>

#include "base/file.hpp"
#include "support/failure.hpp"

using namespace jaunt;
using namespace jaunt::identity;
using base::ErrorKind;
using test_support::kind_of_failure;

namespace {

Peer peer(const std::string& name, int key) {
  Peer made{.name = name, .key = {}, .address = name + ".example.org", .grants = {}, .paired = 1'700'000'000};
  made.key.bytes[0] = std::byte(key);
  return made;
}

struct Home {
  base::TemporaryDirectory folder;
  PeerBook book{folder.path()};
};

}  // namespace

TEST_CASE("Peers are kept with all that is known of them, in a file for their owner alone") {
  Home home;
  Peer one = peer("b", 1);
  one.grants = {.verbs = {Verb::describe, Verb::send}, .realms = {"default", "lab"}};
  home.book.add(one, true);
  home.book.add(peer("a", 2), true);
  const PeerBook again(home.folder.path());
  REQUIRE(again.list().size() == 2);
  CHECK(again.list()[0].name == "a");
  CHECK(again.find("b") == one);
  CHECK(again.find(one.key) == one);
  CHECK(again.find(PublicKey{}) == std::nullopt);
  struct stat status {};
  REQUIRE(::stat((home.folder.path() / "peers.json").c_str(), &status) == 0);
  CHECK((status.st_mode & 0777) == 0600);
}

TEST_CASE("A name that is taken gets a number, and a key that is known keeps its name and what it was granted") {
  Home home;
  Peer first = peer("web", 1);
  first.grants.verbs = {Verb::send};
  CHECK(home.book.add(first, false).name == "web");
  CHECK(home.book.add(peer("web", 2), false).name == "web-2");
  CHECK(home.book.add(peer("web", 3), false).name == "web-3");
  const Peer again = home.book.add(peer("other", 1), false);
  CHECK(again.name == "web");
  CHECK(again.grants.may(Verb::send));
  CHECK(home.book.add(peer("mail", 1), true).name == "mail");
  CHECK(home.book.list().size() == 3);
}

TEST_CASE("Verbs and realms are granted and taken away one by one") {
  Home home;
  home.book.add(peer("b", 1), true);
  home.book.change("b", [](Peer& one) {
    one.grants.add({.verbs = {Verb::send, Verb::describe}, .realms = {"lab"}});
    one.grants.add({.verbs = {Verb::send}, .realms = {"default"}});
  });
  const Peer given = home.book.get("b");
  CHECK(given.grants == Grants{.verbs = {Verb::describe, Verb::send}, .realms = {"default", "lab"}});
  CHECK_FALSE(given.grants.may(Verb::receive));
  home.book.change("b", [](Peer& one) { one.grants.take_away({.verbs = {Verb::send}, .realms = {"lab"}}); });
  CHECK(home.book.get("b").grants == Grants{.verbs = {Verb::describe}, .realms = {"default"}});
}

TEST_CASE("A peer that was removed is unknown, and a misspelled one is pointed out") {
  Home home;
  home.book.add(peer("storage", 1), true);
  CHECK_THROWS_WITH_AS(home.book.get("storgae"), doctest::Contains("not paired"), base::Error);
  CHECK(kind_of_failure([&] { home.book.remove("storgae"); }) == ErrorKind::not_found);
  home.book.remove("storage");
  CHECK(home.book.list().empty());
}

TEST_CASE("Names come from what others call themselves, and never break anything") {
  CHECK(peer_name_from("host-1.example.org") == "host-1.example.org");
  CHECK(peer_name_from("..\x1b[31m/etc") == "31metc");
  CHECK(peer_name_from("\n") == "node");
  CHECK(valid_peer_name(peer_name_from(std::string(300, 'x'))));
  CHECK_FALSE(valid_peer_name("-x"));
  CHECK_FALSE(valid_peer_name("a b"));
}

TEST_CASE("A file of peers that is broken or newer is refused by name") {
  Home home;
  const auto path = home.folder.path() / "peers.json";
  base::write_text_file(path, "{\"type\":\"peers\",\"schema\":2,\"peers\":[]}");
  CHECK(kind_of_failure([&] { home.book.list(); }) == ErrorKind::unsupported);
  base::write_text_file(path, "{\"type\":\"peers\",\"schema\":1,\"peers\":[{\"name\":\"../x\",\"key\":\"" +
                                  std::string(64, '0') + "\"}]}");
  CHECK_THROWS_WITH_AS(home.book.list(), doctest::Contains("peers.json"), base::Error);
}
