#include "model/description_json.hpp"
#include "model/json_codec.hpp"

#include <doctest/doctest.h>
#include <nlohmann/json.hpp>

#include "base/error.hpp"
#include "model/description_fields.hpp"
#include "support/sample_description.hpp"

using namespace jaunt;
using namespace jaunt::model;

namespace {

// Fits any member of an aggregate, so that counting how many fit counts the members.
struct Anything {
  template <class T>
  operator T() const;
};

template <class T, class... Members>
consteval std::size_t member_count() {
  if constexpr (requires { T{Members{}..., Anything{}}; })
    return member_count<T, Members..., Anything>();
  else
    return sizeof...(Members);
}

template <class... T>
consteval bool every_member_has_a_key() {
  return ((std::tuple_size_v<std::remove_const_t<decltype(kJsonFields<T>)>> == member_count<T>()) && ...);
}

static_assert(every_member_has_a_key<Problem, Package, Repository, UserData, OperatingSystem, Filesystem, Partition,
                                     PartitionTable, LogicalVolume, FileIdentity, Layer, Disk, NetworkInterface,
                                     Firmware, Snapshot, Hardware, Description>());

base::ErrorKind refusal(const std::string& text) {
  try {
    description_from_json(text);
  } catch (const base::Error& error) {
    return error.kind();
  }
  FAIL("was accepted: " << text.substr(0, 200));
  return {};
}

std::string with(const char* pointer, nlohmann::json value) {
  auto json = nlohmann::json::parse(to_json(test_support::sample_description()));
  json[nlohmann::json::json_pointer(pointer)] = std::move(value);
  return json.dump();
}

}  // namespace

TEST_CASE("A description comes back from JSON as it was") {
  const Description description = test_support::sample_description();
  CHECK(description_from_json(to_json(description)) == description);
  CHECK(description_from_json(to_json({})) == Description{});
}

TEST_CASE("Names that are not UTF-8 are readable in JSON and lose no byte") {
  Description description;
  description.subject = "/images/\xff\x1b[2J.raw";
  description.filesystems.resize(1);
  description.filesystems[0].mount_points = {"/", "/srv/\xc3\x28"};
  const std::string text = to_json(description);
  const auto json = nlohmann::json::parse(text);
  CHECK(json["subject"] == "/images/\\xff\\x1b[2J.raw");
  CHECK(json["subject_b64"] == "L2ltYWdlcy//G1sySi5yYXc=");
  CHECK(json["filesystems"][0]["mount_points"] == nlohmann::json{"/", "/srv/\\xc3("});
  CHECK(json["filesystems"][0]["mount_points_b64"] == nlohmann::json{nullptr, "L3Nydi/DKA=="});
  CHECK(description_from_json(text) == description);
}

TEST_CASE("The domain's definition keeps its lines in JSON") {
  Description description;
  description.hardware.emplace().domain_xml = "<domain>\n  <name>web</name>\n</domain>\n";
  const auto json = nlohmann::json::parse(to_json(description));
  CHECK(json["hardware"]["domain_xml"] == description.hardware->domain_xml);
  CHECK_FALSE(json["hardware"].contains("domain_xml_b64"));
}

TEST_CASE("What is not known is absent, not null or zero") {
  Description description;
  description.disks.resize(1);
  description.filesystems.resize(1);
  const auto json = nlohmann::json::parse(to_json(description));
  CHECK_FALSE(json.contains("hardware"));
  CHECK_FALSE(json["disks"][0].contains("root"));
  CHECK_FALSE(json["filesystems"][0].contains("used"));
}

TEST_CASE("A later version's additional fields are skipped, its newer schema is refused") {
  CHECK(description_from_json(with("/hardware/gpu", {{"model", "none"}})) == test_support::sample_description());
  CHECK(refusal(with("/schema", kDescriptionVersion + 1)) == base::ErrorKind::unsupported);
}

TEST_CASE("A description of the wrong shape is corrupt") {
  using base::ErrorKind;
  CHECK(refusal("") == ErrorKind::corrupt);
  CHECK(refusal("[]") == ErrorKind::corrupt);
  CHECK(refusal("{}") == ErrorKind::corrupt);
  CHECK(refusal(R"({"type":"description"})") == ErrorKind::corrupt);
  CHECK(refusal(R"({"type":"description","schema":0})") == ErrorKind::corrupt);
  CHECK(refusal("{\"type\":\"description\",\"schema\":1,\"subject\":\"\xff\"}") == ErrorKind::corrupt);
  CHECK(refusal(with("/subject", 7)) == ErrorKind::corrupt);
  CHECK(refusal(with("/subject_b64", "AAAA")) == ErrorKind::corrupt);
  CHECK(refusal(with("/disks", nlohmann::json::object())) == ErrorKind::corrupt);
  CHECK(refusal(with("/disks/0/size", -1)) == ErrorKind::corrupt);
  CHECK(refusal(with("/disks/0/size", 1.5)) == ErrorKind::corrupt);
  CHECK(refusal(with("/disks/0/root", "00")) == ErrorKind::corrupt);
  CHECK(refusal(with("/disks/0/role", "tape")) == ErrorKind::corrupt);
  CHECK(refusal(with("/hardware", nullptr)) == ErrorKind::corrupt);
  CHECK(refusal(with("/hardware/vcpus", 1ULL << 40)) == ErrorKind::corrupt);
  CHECK(refusal(with("/filesystems/0/mount_points_b64", nlohmann::json::array())) == ErrorKind::corrupt);
}

TEST_CASE("Deep nesting and endless lists are refused before they cost memory") {
  CHECK(refusal(std::string(1'000'000, '[')) == base::ErrorKind::limit);
  std::string list = "[0";
  for (int i = 0; i < 5'000'000; ++i)
    list += ",0";
  CHECK(refusal(list + "]") == base::ErrorKind::limit);
  CHECK(refusal(std::string(json_codec::kBytesMax.value + 1, ' ')) == base::ErrorKind::limit);
}
