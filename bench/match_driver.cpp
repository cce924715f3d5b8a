// What bench/match runs and measures: trees of guests, a farm of images around them, ranking and exact coverage.
// Prints one JSON object.
#include <algorithm>
#include <chrono>
#include <cmath>
#include <cstdio>
#include <ctime>
#include <exception>
#include <functional>
#include <string>
#include <vector>

#include <nlohmann/json.hpp>

#include "clone_farm.hpp"
#include "match/base_choice.hpp"
#include "match/coverage.hpp"
#include "match/in_place.hpp"
#include "match/overlap.hpp"
#include "match/ranking.hpp"
#include "model/tree_file.hpp"
#include "support/brute_coverage.hpp"
#include "support/guest_tree.hpp"

using namespace jaunt;
using nlohmann::json;

namespace {

namespace fs = std::filesystem;

double seconds_of(const std::function<void()>& work) {
  const auto start = std::chrono::steady_clock::now();
  work();
  return std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
}

double cpu_now() {
  timespec now{};
  clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
  return static_cast<double>(now.tv_sec) + static_cast<double>(now.tv_nsec) / 1e9;
}

double median(std::vector<double> values) {
  std::ranges::sort(values);
  return values[values.size() / 2];
}

// Medians of so many runs, by the clock and of CPU time, which others on the machine disturb less.
json measure_seconds(int runs, const std::function<void()>& work) {
  std::vector<double> seconds;
  std::vector<double> cpu;
  for (int i = 0; i < runs; ++i) {
    const double before = cpu_now();
    seconds.push_back(seconds_of(work));
    cpu.push_back(cpu_now() - before);
  }
  return {{"seconds", median(seconds)}, {"cpu_seconds", median(cpu)}};
}

// What a destination has that holds neither this image nor anything that stands on it.
struct Destination {
  std::vector<const model::TreeView*> layers;
  std::vector<match::Candidate> candidates;
};

class Bench {
 public:
  Bench(const fs::path& folder, int runs) : farm_(bench::load_farm(folder)), runs_(runs) {
    open_seconds_ = seconds_of([&] {
      for (const fs::path& path : farm_.trees)
        trees_.emplace_back(path);
    });
    for (const model::TreeFile& tree : trees_)
      for (const model::BlockId& id : tree->ids())
        touched_ = touched_ ^ id.bytes.back();
  }

  // Of the guests whose names begin so.
  json measure(const std::string& guests) {
    std::uint64_t held = 0;
    for (const model::TreeFile& tree : trees_)
      held += tree->ids().size();
    json report = {{"images", farm_.images.size()},
                   {"layers", farm_.trees.size()},
                   {"distinct_ids", farm_.distinct_ids},
                   {"layers_ids", held},
                   {"open_seconds", open_seconds_}};
    for (std::uint32_t guest = 0; guest < farm_.guests; ++guest) {
      if (!farm_.images[guest].name.starts_with(guests))
        continue;
      json row = measure_target(guest, without(guest, farm_.images.size()));
      row["base_of_guests"] = measure_target(guest, without(guest, farm_.guests));
      report["targets"].push_back(std::move(row));
    }
    return report;
  }

 private:
  Destination without(std::uint32_t guest, std::size_t images) const {
    Destination result;
    std::vector<std::uint32_t> index(farm_.trees.size(), ~0U);
    for (std::size_t i = 0; i < images; ++i) {
      const bench::FarmImage& image = farm_.images[i];
      if (std::ranges::find(image.layers, guest) != image.layers.end())
        continue;
      match::Candidate candidate{.name = image.name, .layers = {}};
      for (const std::uint32_t layer : image.layers) {
        if (index[layer] == ~0U) {
          index[layer] = static_cast<std::uint32_t>(result.layers.size());
          result.layers.push_back(&trees_[layer].view());
        }
        candidate.layers.push_back(index[layer]);
      }
      result.candidates.push_back(std::move(candidate));
    }
    return result;
  }

  // The base among these candidates, all of them counted exactly.
  static std::string base_of(const model::TreeView& wanted, const match::Needs& needs, match::Layers layers,
                             std::span<const match::Candidate> candidates) {
    const match::Coverage exact = match::coverage(needs, layers, candidates);
    const std::uint64_t most = std::ranges::max(exact.candidates);
    std::vector<match::Contender> contenders;
    for (std::size_t i = 0; i < candidates.size(); ++i)
      contenders.push_back(
          {.name = candidates[i].name,
           .held_blocks = exact.candidates[i],
           .in_place_blocks = exact.candidates[i] == most
                                  ? match::in_place_blocks(wanted, wanted.elided(), layers, candidates[i])
                                  : 0,
           .layers = candidates[i].layers.size()});
    const auto choice = match::choose_base(contenders);
    return choice ? contenders[choice->index].name : "none";
  }

  json measure_target(std::uint32_t guest, const Destination& here) const {
    const model::TreeView& wanted = trees_[guest].view();
    const match::Needs needs(wanted, wanted.elided());
    const match::Samples samples = match::take_samples(needs);
    const match::Ranking ranking = match::rank(samples, here.layers, here.candidates);
    std::vector<match::Candidate> few;
    for (const match::Ranked& ranked : std::span(ranking.order).first(ranking.contenders))
      few.push_back(here.candidates[ranked.candidate]);
    const match::Coverage exact = match::coverage(needs, here.layers, here.candidates);
    const auto share = [&](std::uint64_t blocks) {
      return static_cast<double>(blocks) / static_cast<double>(std::max<std::uint64_t>(needs.blocks(), 1));
    };
    double worst = 0;
    for (const match::Ranked& ranked : ranking.order)
      if (const double off = std::abs(ranked.share - share(exact.candidates[ranked.candidate])); off > 1e-9)
        worst = std::max(worst, off / ranked.error);
    return {{"name", farm_.images[guest].name},
            {"candidates", here.candidates.size()},
            {"needed_blocks", needs.blocks()},
            {"needed_ids", needs.needed_ids()},
            {"sample_bits", samples.bits},
            {"samples", samples.samples.size()},
            {"rank", measure_seconds(runs_, [&] { match::rank(samples, here.layers, here.candidates); })},
            {"coverage", measure_seconds(runs_,
                                         [&] {
                                           const match::Needs again(wanted, wanted.elided());
                                           match::coverage(again, here.layers, here.candidates);
                                         })},
            {"contenders", ranking.contenders},
            {"estimated_share", ranking.order.front().share},
            {"estimated_error", ranking.order.front().error},
            {"worst_error_of_stated", worst},
            {"best_share", share(std::ranges::max(exact.candidates))},
            {"together_share", share(exact.together)},
            {"base", base_of(wanted, needs, here.layers, few)},
            {"exhaustive_base", base_of(wanted, needs, here.layers, here.candidates)}};
  }

  bench::Farm farm_;
  int runs_;
  std::vector<model::TreeFile> trees_;
  double open_seconds_ = 0;
  std::byte touched_{};
};

json to_json(const match::Overlap& overlap) {
  return {{"needed_blocks", overlap.needed_blocks},
          {"found_blocks", overlap.found_blocks},
          {"missing_ids", overlap.missing_ids}};
}

// Predicted from trees and counted from bytes: what the images hold of the first one.
json compare_with_brute_force(const std::vector<std::string>& arguments) {
  const model::TreeFile wanted(arguments.at(1));
  std::vector<fs::path> images;
  std::vector<model::TreeFile> trees;
  for (std::size_t i = 2; i + 1 < arguments.size(); i += 2) {
    images.emplace_back(arguments[i]);
    trees.emplace_back(arguments[i + 1]);
  }
  std::vector<const model::TreeView*> views;
  for (const model::TreeFile& tree : trees)
    views.push_back(&tree.view());
  const auto predicted = match::overlap(wanted.view(), wanted->elided(), views);
  const auto counted = testing::BruteCoverage(arguments.at(0), wanted->elided()).held_by(images);
  return {{"predicted", to_json(predicted)}, {"brute_force", to_json(counted)}, {"equal", predicted == counted}};
}

json run(const std::string& command, const std::vector<std::string>& arguments) {
  if (command == "tree") {
    testing::write_guest_tree(arguments.at(0), arguments.at(1));
    return {{"unique_ids", model::TreeFile(arguments[1])->summary().unique_ids}};
  }
  if (command == "farm") {
    const std::vector<fs::path> guests(arguments.begin() + 3, arguments.end());
    const auto farm = bench::make_farm(arguments.at(0), guests, std::stoul(arguments[1]), std::stoull(arguments[2]));
    return {{"distinct_ids", farm.distinct_ids}};
  }
  if (command == "measure")
    return Bench(arguments.at(0), std::stoi(arguments.at(1))).measure(arguments.size() > 2 ? arguments[2] : "");
  if (command == "brute")
    return compare_with_brute_force(arguments);
  throw base::Error(base::ErrorKind::usage, "run", command, "there is no such command");
}

}  // namespace

int main(int argc, char** argv) {
  if (argc < 3) {
    std::fputs(
        "usage: match_driver tree IMAGE TREE | farm FOLDER IMAGES IDS TREE... | measure FOLDER RUNS [GUEST] |\n"
        "       brute IMAGE TREE [IMAGE TREE]...\n",
        stderr);
    return 2;
  }
  try {
    std::puts(run(argv[1], std::vector<std::string>(argv + 2, argv + argc)).dump().c_str());
    return 0;
  } catch (const std::exception& error) {
    std::fprintf(stderr, "match_driver: %s\n", error.what());
    return 1;
  }
}
