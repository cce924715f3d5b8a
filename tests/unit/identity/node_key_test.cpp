#include "identity/node_key.hpp"

#include <filesystem>
#include <fstream>

#include <doctest/doctest.h>
#include <sys/stat.h>

#include "base/file.hpp"
#include "identity/credentials.hpp"
#include "identity/secret.hpp"
#include "support/failure.hpp"

using namespace jaunt;
using namespace jaunt::identity;
using base::ErrorKind;
using test_support::kind_of_failure;

TEST_CASE("A key that was made is found again, and is for its owner's eyes only") {
  const base::TemporaryDirectory home;
  const NodeKey made = NodeKey::create(home.path());
  CHECK(NodeKey::load(home.path()).public_key() == made.public_key());
  struct stat status {};
  REQUIRE(::stat((home.path() / "node.key").c_str(), &status) == 0);
  CHECK((status.st_mode & 0777) == 0600);
  CHECK(to_text(made.id()).size() == 32);
}

TEST_CASE("A second key is refused, and the first one stays") {
  const base::TemporaryDirectory home;
  const NodeKey first = NodeKey::create(home.path());
  CHECK(kind_of_failure([&] { NodeKey::create(home.path()); }) == ErrorKind::busy);
  CHECK(NodeKey::load(home.path()).public_key() == first.public_key());
}

TEST_CASE("No key, a key that others may read and a file that is no key are each told apart") {
  const base::TemporaryDirectory home;
  const auto load = [&] { NodeKey::load(home.path()); };
  CHECK(kind_of_failure(load) == ErrorKind::not_found);
  NodeKey::create(home.path());
  ::chmod((home.path() / "node.key").c_str(), 0640);
  CHECK(kind_of_failure(load) == ErrorKind::auth);
  base::write_text_file(home.path() / "node.key", "-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n");
  CHECK(kind_of_failure(load) == ErrorKind::corrupt);
}

TEST_CASE("A signature holds for its key, its purpose and its bytes alone") {
  const NodeKey key = NodeKey::generate();
  const auto bytes = base::as_bytes("what was done");
  Signature signature = key.sign("receipt", bytes);
  CHECK(verify(key.public_key(), "receipt", bytes, signature));
  CHECK_FALSE(verify(key.public_key(), "receip", base::as_bytes("twhat was done"), signature));
  CHECK_FALSE(verify(key.public_key(), "receipt", base::as_bytes("what was undone"), signature));
  CHECK_FALSE(verify(NodeKey::generate().public_key(), "receipt", bytes, signature));
  signature[40] ^= std::byte{1};
  CHECK_FALSE(verify(key.public_key(), "receipt", bytes, signature));
}

TEST_CASE("The certificate of a key carries that key and is the same every time") {
  const NodeKey key = NodeKey::generate();
  const Credentials credentials = Credentials::of(key);
  CHECK(key_of_certificate(credentials.certificate) == key.public_key());
  CHECK(Credentials::of(key).certificate == credentials.certificate);
  base::Bytes broken = credentials.certificate;
  broken.resize(broken.size() / 2);
  CHECK(key_of_certificate(broken) == std::nullopt);
}

TEST_CASE("A proof tells its secret, its purpose and its bytes apart") {
  Secret secret{};
  fill_randomly(secret);
  const auto proof = proof_of(secret, "a", base::as_bytes("bc"));
  CHECK(same_proof(proof, proof_of(secret, "a", base::as_bytes("bc"))));
  CHECK_FALSE(same_proof(proof, proof_of(secret, "ab", base::as_bytes("c"))));
  secret[15] ^= std::byte{1};
  CHECK_FALSE(same_proof(proof, proof_of(secret, "a", base::as_bytes("bc"))));
}
