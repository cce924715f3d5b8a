#include "identity/invitations.hpp"

#include <doctest/doctest.h>

#include "base/file.hpp"
#include "base/hash.hpp"

using namespace jaunt;
using namespace jaunt::identity;

namespace {

constexpr InvitationBook::Moment kNow = 1'700'000'000;
constexpr InvitationBook::Moment kLasts = kInvitationLasts.count();

PublicKey key(int which) {
  PublicKey made;
  made.bytes[0] = std::byte(which);
  return made;
}

InvitationBook::Knows knows(const Secret& secret) {
  return [secret](const Secret& other) { return other == secret; };
}

struct Home {
  base::TemporaryDirectory folder;
  InvitationBook book{folder.path()};

  std::string stored() const {
    const auto path = folder.path() / "invitations.json";
    return std::filesystem::exists(path) ? base::read_text_file(path, base::ByteCount(base::kMiB)) : "";
  }
};

}  // namespace

TEST_CASE("Whoever knows the secret gets what was promised, also after a restart") {
  Home home;
  const Secret secret = home.book.invite({.name = "b", .grants = {.verbs = {Verb::send}, .realms = {"lab"}}}, kNow);
  InvitationBook again(home.folder.path());
  CHECK(again.open(kNow + 1));
  const auto terms = again.redeem(knows(secret), key(1), kNow + 1);
  REQUIRE(terms);
  CHECK(terms->name == "b");
  CHECK(terms->grants == Grants{.verbs = {Verb::send}, .realms = {"lab"}});
}

TEST_CASE("An invitation is good for one node, which may ask again when it did not hear the answer") {
  Home home;
  const Secret secret = home.book.invite({}, kNow);
  CHECK(home.book.redeem(knows(secret), key(1), kNow));
  CHECK_FALSE(home.book.redeem(knows(secret), key(2), kNow));
  CHECK(home.book.redeem(knows(secret), key(1), kNow));
}

TEST_CASE("A secret that was never given out redeems nothing and spoils nothing") {
  Home home;
  const Secret secret = home.book.invite({}, kNow);
  Secret other = secret;
  other[3] ^= std::byte{4};
  CHECK_FALSE(home.book.redeem(knows(other), key(1), kNow));
  CHECK(home.book.redeem(knows(secret), key(1), kNow));
}

TEST_CASE("An invitation ends after ten minutes, and its secret is forgotten then") {
  Home home;
  const Secret secret = home.book.invite({}, kNow);
  CHECK(home.stored().find(base::to_hex(secret)) != std::string::npos);
  CHECK_FALSE(home.book.redeem(knows(secret), key(1), kNow + kLasts));
  CHECK(home.stored().empty());
  home.book.invite({}, kNow);
  CHECK_FALSE(home.book.open(kNow + kLasts));
  CHECK(home.stored().empty());
}

TEST_CASE("A clock that was far ahead makes no invitation last longer") {
  Home home;
  const Secret secret = home.book.invite({}, kNow + 1'000'000);
  CHECK_FALSE(home.book.redeem(knows(secret), key(1), kNow));
}

TEST_CASE("Several invitations are open at once, each by its own secret") {
  Home home;
  const Secret first = home.book.invite({.name = "x", .grants = {}}, kNow);
  const Secret second = home.book.invite({.name = "y", .grants = {}}, kNow);
  CHECK(home.book.redeem(knows(second), key(2), kNow)->name == "y");
  CHECK(home.book.redeem(knows(first), key(1), kNow)->name == "x");
}
