#include <doctest/doctest.h>

#include "base/file.hpp"
#include "model/description_fields.hpp"

using namespace jaunt;
using namespace jaunt::model;

namespace {

template <class T>
void check_keys(const std::string& page) {
  const auto check = [&](std::string_view key) {
    if (key == "extent")  // written as offset and bytes
      key = "offset";
    CAPTURE(key);
    CHECK(page.find("`" + std::string(key) + "`") != page.npos);
  };
  std::apply([&](const auto&... field) { (check(field.key), ...); }, kJsonFields<T>);
}

template <class... T>
void check_all(const std::string& page) {
  (check_keys<T>(page), ...);
}

}  // namespace

TEST_CASE("The page of the schema explains every key that is written") {
  const std::string page = base::read_text_file(JAUNT_DESCRIPTION_PAGE, base::ByteCount(base::kMiB));
  check_all<Problem, Package, Repository, UserData, OperatingSystem, Filesystem, Partition, PartitionTable,
            LogicalVolume, FileIdentity, Layer, Disk, NetworkInterface, Firmware, Snapshot, Hardware, Description>(
      page);
  CHECK(page.find("is schema **" + std::to_string(kDescriptionVersion) + "**") != page.npos);
}
