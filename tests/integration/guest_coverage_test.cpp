// What match predicts of real guests is what their bytes say.
#include <doctest/doctest.h>

#include "disk/raw_image.hpp"
#include "match/base_choice.hpp"
#include "match/coverage.hpp"
#include "match/ranking.hpp"
#include "support/brute_coverage.hpp"
#include "support/guest_tree.hpp"
#include "support/skip.hpp"
#include "support/world.hpp"

using namespace jaunt;
namespace fs = std::filesystem;

namespace {

// Guests that a destination holds, and their trees.
class Held {
 public:
  explicit Held(const std::vector<std::string>& names) {
    for (const std::string& name : names) {
      const auto guest = test_support::world_guest(name);
      if (!guest)
        continue;
      const fs::path tree = folder_.path() / (name + ".tree");
      base::Progress silent;
      disk::scan(*disk::open_raw(guest->disk), {.tree_path = tree}, silent);
      names_.push_back(name);
      images_.push_back(guest->disk);
      trees_.emplace_back(tree);
    }
    for (const model::TreeFile& tree : trees_)
      views_.push_back(&tree.view());
  }

  bool has_all_of(const std::vector<std::string>& names) const { return names_.size() == names.size(); }
  const std::vector<fs::path>& images() const { return images_; }
  const std::vector<const model::TreeView*>& views() const { return views_; }

  std::vector<match::Candidate> candidates() const {
    std::vector<match::Candidate> result;
    for (const std::string& name : names_)
      result.push_back({name, {static_cast<std::uint32_t>(result.size())}});
    return result;
  }

 private:
  base::TemporaryDirectory folder_;
  std::vector<std::string> names_;
  std::vector<fs::path> images_;
  std::vector<model::TreeFile> trees_;
  std::vector<const model::TreeView*> views_;
};

void expect_exact(const model::TreeFile& wanted, const testing::BruteCoverage& bytes, const Held& held,
                  const std::string& holds) {
  CAPTURE(holds);
  const auto predicted = match::overlap(wanted.view(), wanted->elided(), held.views());
  const auto counted = bytes.held_by(held.images());
  CHECK(predicted.needed_blocks == counted.needed_blocks);
  CHECK(predicted.found_blocks == counted.found_blocks);
  CHECK(predicted.missing_ids == counted.missing_ids);
  MESSAGE(holds << ": " << predicted.found_blocks << " of " << predicted.needed_blocks << " needed blocks predicted, "
                << counted.found_blocks << " counted; " << predicted.missing_ids << " distinct left");
}

// The base by samples and exact counting of the contenders, and the candidate that counting all of them gives.
std::pair<std::string, std::string> bases(const match::Needs& needs, const Held& held) {
  const auto candidates = held.candidates();
  const auto exact = match::coverage(needs, held.views(), candidates).candidates;
  const auto ranking = match::rank(match::take_samples(needs), held.views(), candidates);
  std::vector<match::Contender> few;
  std::vector<match::Contender> all;
  for (std::size_t i = 0; i < candidates.size(); ++i) {
    const auto index = ranking.order[i].candidate;
    all.push_back({candidates[index].name, exact[index], 0, 1});
    if (i < ranking.contenders)
      few.push_back(all.back());
  }
  return {few[match::choose_base(few)->index].name, all[match::choose_base(all)->index].name};
}

}  // namespace

TEST_CASE("What is predicted of the independent web server is exactly what comparing all bytes finds") {
  JAUNT_NEED_GUEST(server, "web-independent");
  const std::vector<std::string> minimal{"minimal"};
  const std::vector<std::string> software{"web-base"};
  const std::vector<std::string> all{"minimal",   "minimal-independent", "minimal-updated", "web-small", "web-base",
                                     "web-clone", "web-compiled",        "xfs-lvm",         "rpm",       "luks"};
  const Held only_minimal(minimal);
  const Held same_software(software);
  const Held everything(all);
  JAUNT_SKIP_UNLESS(only_minimal.has_all_of(minimal) && same_software.has_all_of(software),
                    "the guests minimal and web-base are not built");

  const base::TemporaryDirectory folder;
  testing::write_guest_tree(server.disk, folder.path() / "wanted");
  const model::TreeFile wanted(folder.path() / "wanted");
  REQUIRE_FALSE(wanted->elided().empty());
  const testing::BruteCoverage bytes(server.disk, wanted->elided());
  expect_exact(wanted, bytes, Held({}), "nothing");
  expect_exact(wanted, bytes, only_minimal, "minimal");
  expect_exact(wanted, bytes, same_software, "the same software");
  expect_exact(wanted, bytes, everything, "all");

  const auto [by_samples, by_counting] = bases(match::Needs(wanted.view(), wanted->elided()), everything);
  CHECK(by_samples == by_counting);
}
