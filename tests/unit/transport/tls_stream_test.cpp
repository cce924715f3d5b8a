#include "transport/tls_stream.hpp"

#include <doctest/doctest.h>

#include "base/error.hpp"
#include "support/failure.hpp"

using namespace jaunt;
using namespace jaunt::transport;
using base::ErrorKind;
using test_support::kind_of_failure;

namespace {

bool anybody(const identity::PublicKey&, Purpose) {
  return true;
}

struct Pair {
  identity::NodeKey left_key = identity::NodeKey::generate();
  identity::NodeKey right_key = identity::NodeKey::generate();
  TlsStream left;
  TlsStream right;
  base::Bytes left_plain;
  base::Bytes right_plain;

  explicit Pair(AcceptKey left_accepts = anybody, AcceptKey right_accepts = anybody, Purpose purpose = Purpose::link)
      : left(TlsStream::dial(TlsTerms(left_key), purpose, std::move(left_accepts))),
        right(TlsStream::answer(TlsTerms(right_key), std::move(right_accepts), [](Purpose) { return true; })) {}

  void exchange() {
    while (!left.output().empty() || !right.output().empty()) {
      const base::Bytes there(left.output().begin(), left.output().end());
      left.drop_output(there.size());
      right.arrive(there, right_plain);
      const base::Bytes back(right.output().begin(), right.output().end());
      right.drop_output(back.size());
      left.arrive(back, left_plain);
    }
  }
};

}  // namespace

TEST_CASE("Two streams prove their keys to each other and carry bytes both ways") {
  Pair pair;
  pair.exchange();
  REQUIRE((pair.left.secured() && pair.right.secured()));
  CHECK(pair.left.peer_key() == pair.right_key.public_key());
  CHECK(pair.right.peer_key() == pair.left_key.public_key());
  pair.left.write(base::as_bytes("there"));
  pair.right.write(base::as_bytes("back"));
  pair.exchange();
  CHECK(pair.right_plain.size() == 5);
  CHECK(pair.left_plain.size() == 4);
  pair.left.close();
  pair.exchange();
  CHECK(pair.right.peer_closed());
}

TEST_CASE("The exported bytes are equal on both sides of a connection, and on no two connections") {
  Pair pair;
  Pair other;
  pair.exchange();
  other.exchange();
  CHECK(pair.left.exported("EXPORTER-x") == pair.right.exported("EXPORTER-x"));
  CHECK(pair.left.exported("EXPORTER-x") != pair.left.exported("EXPORTER-y"));
  CHECK(pair.left.exported("EXPORTER-x") != other.left.exported("EXPORTER-x"));
}

TEST_CASE("Either side refuses a key that it does not expect") {
  const auto nobody = [](const identity::PublicKey&, Purpose) { return false; };
  Pair left_refuses(nobody);
  CHECK(kind_of_failure([&] { left_refuses.exchange(); }) == ErrorKind::auth);
  CHECK_FALSE(left_refuses.right.secured());
  Pair right_refuses(anybody, nobody);
  CHECK(kind_of_failure([&] { right_refuses.exchange(); }) == ErrorKind::auth);
  CHECK_FALSE(right_refuses.right.secured());
  // The alert tells the other side why.
  base::Bytes plain;
  CHECK(kind_of_failure([&] { right_refuses.left.arrive(right_refuses.right.output(), plain); }) == ErrorKind::auth);
}

TEST_CASE("A byte that was changed on the way ends the connection, or was one that means nothing") {
  int noticed = 0;
  int changed = 0;
  for (std::size_t at = 0; at < 2300; at += 7) {
    Pair pair;
    std::size_t passed = 0;
    const auto spoil = [&](TlsStream& from) {
      base::Bytes bytes(from.output().begin(), from.output().end());
      from.drop_output(bytes.size());
      if (at >= passed && at < passed + bytes.size()) {
        bytes[at - passed] ^= std::byte{0x10};
        ++changed;
      }
      passed += bytes.size();
      return bytes;
    };
    const auto kind = kind_of_failure([&] {
      for (int i = 0; i < 3; ++i) {
        pair.right.arrive(spoil(pair.left), pair.right_plain);
        pair.left.arrive(spoil(pair.right), pair.left_plain);
        if (i == 1 && pair.left.secured())
          pair.left.write(base::Bytes(400, std::byte{5}));
      }
    });
    CAPTURE(at);
    CHECK((pair.right_plain.empty() || pair.right_plain == base::Bytes(400, std::byte{5})));
    CHECK((!kind || *kind == ErrorKind::peer || *kind == ErrorKind::corrupt || *kind == ErrorKind::auth ||
           *kind == ErrorKind::incompatible));
    noticed += kind ? 1 : 0;
  }
  CHECK(changed > 200);
  CHECK(noticed > changed * 95 / 100);  // versions in the headers of records are of no account
}
