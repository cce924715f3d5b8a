#include "engine/receipt.hpp"

#include <doctest/doctest.h>

#include "base/error.hpp"
#include "support/failure.hpp"

using namespace jaunt;
using namespace jaunt::engine;
using namespace jaunt::test_support;

namespace {

struct Node {
  base::TemporaryDirectory folder;
  Home home{folder.path()};
};

TeleportSummary some_summary() {
  TeleportSummary summary;
  summary.job = "20261121-121500-3fa1";
  summary.subject = "web1";
  summary.source = "storage";
  summary.disks.push_back(
      {.target = "vda", .path = "/srv/web1.raw", .size = base::ByteCount(1 << 20), .root = {}, .base = {}});
  summary.bytes[model::SourceKind::wire] = base::ByteCount(4096);
  return summary;
}

auto refusal(const std::string& receipt) {
  return kind_of_failure([&] { check_receipt(receipt); });
}

}  // namespace

TEST_CASE("A receipt says what came from where, and its node's signature proves it") {
  const Node node;
  const auto key = identity::NodeKey::create(node.home.path());
  const CheckedReceipt checked = check_receipt(receipt_of(some_summary(), node.home));
  CHECK(checked.key == key.public_key());
  CHECK(signer_of(checked, node.home) == "this node");
  for (const char* part : {R"("job":"20261121-121500-3fa1")", R"("source":"storage")", R"("path":"/srv/web1.raw")",
                           R"("wire":4096)", R"("began":1795263300)"})
    CHECK_MESSAGE(checked.said.find(part) != std::string::npos, checked.said);
}

TEST_CASE("A receipt with any byte altered does not pass") {
  const Node node;
  identity::NodeKey::create(node.home.path());
  const std::string receipt = receipt_of(some_summary(), node.home);
  for (std::size_t at = 0; at < receipt.size() - 1; ++at) {
    std::string altered = receipt;
    altered[at] = static_cast<char>(altered[at] ^ 1);
    CAPTURE(at);
    CHECK_THROWS_AS(check_receipt(altered), base::Error);
  }
  std::string altered = receipt;
  altered.replace(altered.find("web1"), 4, "web2");
  CHECK(refusal(altered) == base::ErrorKind::verify);
  CHECK(refusal("") == base::ErrorKind::corrupt);
}

TEST_CASE("A node without a key signs no receipt, and a receipt of a stranger is not trusted") {
  const Node node;
  CHECK(refusal(receipt_of(some_summary(), node.home)) == base::ErrorKind::auth);
  const Node stranger;
  identity::NodeKey::create(stranger.home.path());
  const CheckedReceipt checked = check_receipt(receipt_of(some_summary(), stranger.home));
  CHECK_THROWS_AS(signer_of(checked, node.home), base::Error);
  identity::PeerBook(node.home.path()).add({.name = "b", .key = checked.key, .address = {}, .grants = {}}, true);
  CHECK(signer_of(checked, node.home) == "b");
}
