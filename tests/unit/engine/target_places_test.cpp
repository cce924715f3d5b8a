#include "engine/target_places.hpp"

#include <doctest/doctest.h>

#include "base/error.hpp"
#include "base/file.hpp"

using namespace jaunt;
using namespace jaunt::engine;

namespace {

model::Plan plan_of(const std::string& subject, const std::vector<std::string>& targets) {
  model::Plan plan;
  plan.subject = subject;
  for (const std::string& target : targets)
    plan.disks.emplace_back().target = target;
  return plan;
}

std::string only_path(const model::Plan& plan, const TargetWish& wish) {
  return target_places(plan, wish, "7").at(0).path.string();
}

base::ErrorKind refusal(const model::Plan& plan, const TargetWish& wish) {
  try {
    target_places(plan, wish, "7");
  } catch (const base::Error& error) {
    return error.kind();
  }
  FAIL("it was taken");
  return {};
}

}  // namespace

TEST_CASE("A hidden file tells what it is to become") {
  const base::TemporaryDirectory folder;
  for (const DiskPlace& place : target_places(plan_of("web.jaunt-1", {"vda", "vdb"}), {.to = folder.path()}, "7"))
    CHECK(final_place(place.hidden, "7") == place.path);
}

TEST_CASE("Disks are named after the machine as it is called here, a single image after its file") {
  const base::TemporaryDirectory folder;
  const std::string here = folder.path().string();
  CHECK(only_path(plan_of("web1", {"vda"}), {.to = here}) == here + "/web1-vda.raw");
  CHECK(only_path(plan_of("web1", {"vda"}), {.to = here, .format = "qcow2", .name = "web2"}) ==
        here + "/web2-vda.qcow2");
  CHECK(only_path(plan_of("/srv/web1.qcow2", {"disk"}), {.to = here}) == here + "/web1.raw");
  CHECK(only_path(plan_of("/srv/web1.qcow2", {"disk"}), {.to = here + "/x.qcow2"}) == here + "/x.qcow2");
  const auto two = target_places(plan_of("web1", {"vda", "vdb"}), {.to = here}, "7");
  CHECK(two.at(1).path == here + "/web1-vdb.raw");
  CHECK(two.at(1).hidden == here + "/.web1-vdb.raw.jaunt-7");
  CHECK(refusal(plan_of("web1", {"vda", "vdb"}), {.to = here + "/one.raw"}) == base::ErrorKind::usage);
}

TEST_CASE("Thin disks are qcow2, media are raw, and nothing raw is thin") {
  const base::TemporaryDirectory folder;
  const std::string here = folder.path().string();
  const auto places =
      target_places(plan_of("web1", {"vda", "sda"}), {.to = here, .thin = true, .media = {"sda"}}, "7");
  CHECK(places.at(0).path == here + "/web1-vda.qcow2");
  CHECK(places.at(0).format == "qcow2");
  CHECK(places.at(1).path == here + "/web1-sda.iso");
  CHECK(places.at(1).format == "raw");
  CHECK(refusal(plan_of("web1", {"vda"}), {.to = here, .format = "raw", .thin = true}) == base::ErrorKind::usage);
  CHECK(refusal(plan_of("web1", {"vda"}), {.to = here + "/x.raw", .thin = true}) == base::ErrorKind::usage);
}

TEST_CASE("A name that another node gives leads nowhere but into the folder") {
  const base::TemporaryDirectory folder;
  const std::string here = folder.path().string();
  for (const std::string name :
       {"../../etc/cron.d/x", "/etc/x", "", ".", "..", "a/b", "a\nb", "\x1b[2J", ".hidden"}) {
    CAPTURE(name);
    CHECK(refusal(plan_of("web1", {name}), {.to = here}) == base::ErrorKind::corrupt);
    if (!name.empty())
      CHECK(refusal(plan_of("web1", {"vda"}), {.to = here, .name = name}) == base::ErrorKind::corrupt);
  }
  CHECK(refusal(plan_of("web1", {std::string("a\0b", 3)}), {.to = here}) == base::ErrorKind::corrupt);
  CHECK(refusal(plan_of("web1", {std::string(300, 'v')}), {.to = here}) == base::ErrorKind::corrupt);
}
