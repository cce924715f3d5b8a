#include "engine/receipt.hpp"

#include <algorithm>
#include <ctime>

#include <nlohmann/json.hpp>

#include "base/hash.hpp"
#include "base/text.hpp"
#include "base/version.hpp"
#include "engine/teleport_report.hpp"

namespace jaunt::engine {

using base::Error;
using base::ErrorKind;
using Json = nlohmann::ordered_json;

namespace {

constexpr std::string_view kPurpose = "jaunt receipt 1";

// As new_id() wrote it.
std::int64_t begun_at(const std::string& id) {
  std::tm time{};
  return ::strptime(id.c_str(), "%Y%m%d-%H%M%S", &time) == nullptr ? 0 : ::timegm(&time);
}

std::string source_key(const std::string& source, const Home& home) {
  const auto peer = identity::PeerBook(home.path()).find(source);
  return peer ? base::to_hex(peer->key.bytes) : "";
}

Json said_of(const TeleportSummary& summary, const Home& home) {
  const Json whole = Json::parse(to_json(summary));
  Json said = {{"receipt", 1},
               {"jaunt", base::version()},
               {"began", begun_at(summary.job)},
               {"ended", static_cast<std::int64_t>(std::time(nullptr))},
               {"source_key", source_key(summary.source, home)}};
  for (const char* key :
       {"job", "subject", "source", "disks", "domain", "instant", "resumed", "bytes_by_source", "kept_bytes",
        "wire_bytes_received", "wire_bytes_sent", "seconds", "seconds_by_stage", "totals"})
    if (whole.contains(key))
      said[key] = whole[key];
  if (said.contains("domain"))
    said["domain"].erase("changes");
  return said;
}

template <std::size_t N>
std::array<std::byte, N> bytes_from(const Json& json, const char* key) {
  const auto given = base::from_hex(json.at(key).get<std::string>());
  if (!given || given->size() != N)
    throw Error(ErrorKind::corrupt, "read", "the receipt", std::string(key) + " has not the form that it must have");
  std::array<std::byte, N> bytes{};
  std::ranges::copy(*given, bytes.begin());
  return bytes;
}

}  // namespace

std::string receipt_of(const TeleportSummary& summary, const Home& home) {
  const std::string said = said_of(summary, home).dump();
  Json signature = {{"key", ""}, {"signature", ""}};
  try {
    const auto key = identity::NodeKey::load(home.path());
    signature["key"] = base::to_hex(key.public_key().bytes);
    signature["signature"] = base::to_hex(key.sign(kPurpose, base::as_bytes(said)));
  } catch (const Error& failure) {
    if (failure.kind() != ErrorKind::not_found)
      throw;
  }
  return said + "\n" + signature.dump() + "\n";
}

CheckedReceipt check_receipt(const std::string& text) {
  const auto end = text.find('\n');
  try {
    CheckedReceipt checked{.said = text.substr(0, end), .key = {}};
    if (end == text.npos || Json::parse(checked.said).at("receipt") != 1)
      throw Error(ErrorKind::corrupt, "read", "the receipt", "it is none of a version that is known here");
    const Json signature = Json::parse(text.substr(end + 1));
    if (signature.at("signature") == "")
      throw Error(ErrorKind::auth, "check", "the receipt", "nobody signed it, for its node had no key",
                  "`jaunt node init` gives a node a key");
    checked.key.bytes = bytes_from<32>(signature, "key");
    if (!identity::verify(checked.key, kPurpose, base::as_bytes(checked.said),
                          bytes_from<64>(signature, "signature")))
      throw Error(ErrorKind::verify, "check", "the receipt", "its signature is not one of these words");
    return checked;
  } catch (const Json::exception& failure) {
    throw Error(ErrorKind::corrupt, "read", "the receipt", base::printable(failure.what()));
  }
}

std::string signer_of(const CheckedReceipt& receipt, const Home& home) {
  try {
    if (identity::NodeKey::load(home.path()).public_key() == receipt.key)
      return "this node";
  } catch (const Error& failure) {
    if (failure.kind() != ErrorKind::not_found)
      throw;
  }
  if (const auto peer = identity::PeerBook(home.path()).find(receipt.key))
    return peer->name;
  throw Error(ErrorKind::auth, "trust", "the node " + to_text(identity::id_of(receipt.key)) + ", which signed it",
              "it is not paired with this one", "compare that id with `jaunt node show` there");
}

}  // namespace jaunt::engine
