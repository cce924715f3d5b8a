#include "engine/thin_records.hpp"

#include <doctest/doctest.h>
#include <fcntl.h>

#include "base/file.hpp"
#include "disk/identity.hpp"
#include "engine/thin_checks.hpp"

using namespace jaunt;
using namespace jaunt::engine;
namespace fs = std::filesystem;

namespace {

struct Place {
  base::TemporaryDirectory folder;
  fs::path home = folder.path() / "home";
  ThinRecords records{home};

  Place() { fs::create_directory(home); }
  StoodOnFile file(const std::string& name, const std::string& content = "base") const {
    const fs::path path = folder.path() / name;
    base::write_text_file(path, content, 0444);
    return {path, disk::identify(base::File::open(path, O_RDONLY))};
  }
};

}  // namespace

TEST_CASE("A file is jaunt's own while it is what it was and nobody's mode lets it be written") {
  const Place place;
  const StoodOnFile file = place.file("odd \xff");
  CHECK(!place.records.owns(file.path));
  place.records.own(file);
  CHECK(place.records.owns(file.path));
  CHECK(place.records.owned().size() == 1);
  fs::permissions(file.path, fs::perms::owner_write, fs::perm_options::add);
  CHECK(!place.records.owns(file.path));
  CHECK(make_read_only(file.path));
  CHECK(place.records.owns(file.path));  // a changed ctime is no change
  place.file("odd \xff", "other");
  CHECK(!place.records.owns(file.path));
  place.records.disown(file.path);
  CHECK(place.records.owned().empty());
}

TEST_CASE("What a thin target stands on is told as long as the target exists") {
  const Place place;
  const StoodOnFile top = place.file("top");
  const StoodOnFile bottom = place.file("bottom");
  const fs::path path = place.folder.path() / "target";
  place.records.keep({path, {top, bottom}});
  CHECK(place.records.targets().empty());
  REQUIRE(place.records.target(path));
  CHECK(place.records.target(path)->files.size() == 2);
  CHECK(check_thin(place.home).empty());
  base::write_text_file(path, "target");
  REQUIRE(place.records.targets().size() == 1);
  CHECK(place.records.targets()[0].files[1].path == bottom.path);
  CHECK(check_thin(place.home).at(0).verdict == hypervisor::Verdict::ok);
  fs::remove(bottom.path);
  CHECK(check_thin(place.home).at(0).verdict == hypervisor::Verdict::broken);
}

TEST_CASE("A record that is none tells nothing") {
  const Place place;
  const StoodOnFile file = place.file("base");
  place.records.own(file);
  for (const auto& entry : fs::directory_iterator(place.home / "thin"))
    for (const char* text : {"", "{}", "[]", R"({"version": 2})", R"({"version": 1, "path": 7})"}) {
      base::write_text_file(entry.path(), text);
      CHECK(!place.records.owns(file.path));
      CHECK(place.records.owned().empty());
    }
}
