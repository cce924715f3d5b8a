#include "sync/disk_comparison.hpp"

#include <algorithm>
#include <utility>

#include "base/error.hpp"

namespace jaunt::sync {

namespace {

constexpr unsigned kRegionLevel = 4;

}  // namespace

DiskComparison::DiskComparison(const DiskTerms& terms, Lookup lookup, Findings findings)
    : lookup_(std::move(lookup)), terms_(terms), findings_(std::move(findings)), runs_(findings_.run) {
  terms_.lookup = &lookup_;
}

std::vector<DiskComparison::Question> DiskComparison::begin() {
  // The top's hash is only known through the root.
  parts_.push_back({next_number_++, {terms_.levels(), 0}, {}, Part::State::waiting, nullptr});
  return open_more();
}

std::vector<DiskComparison::Question> DiskComparison::receive(std::uint64_t number, const transport::Body& answer) {
  const auto part = std::ranges::find(parts_, number, &Part::number);
  base::invariant(part != parts_.end() && part->state == Part::State::asked, "an answer is for a part that asked");
  if (!part->region) {
    split(part, answer);
  } else if (auto next = part->region->receive(answer)) {
    return {{std::move(*next), number}};
  } else {
    part->state = Part::State::done;
  }
  tell_finished();
  return open_more();
}

// How far below a node above the regions its parts lie.
unsigned DiskComparison::depth_below(const Part& part) {
  return std::min(transport::kDepthMax, part.node.level - kRegionLevel);
}

DiskComparison::Part DiskComparison::part_of(model::NodePlace node, const base::Hash32& hash) {
  Part part{next_number_++, node, hash, Part::State::waiting, nullptr};
  if (hash == model::kZeroNode)
    part.state = Part::State::zero;
  else if (hash == terms_.base_node(node))
    part.state = Part::State::like_base;
  return part;
}

void DiskComparison::split(Parts::iterator part, const transport::Body& answer) {
  const auto* nodes = std::get_if<transport::Nodes>(&answer);
  if (nodes == nullptr)
    throw base::Error(base::ErrorKind::corrupt, "compare", "disk " + std::to_string(terms_.disk) + " with the source",
                      "the source answered another question than the one that was asked");
  const unsigned depth = depth_below(*part);
  prove_nodes(terms_, part->node, depth, part->hash, nodes->hashes);
  for (std::size_t i = 0; i < nodes->hashes.size(); ++i)
    parts_.insert(part, part_of({part->node.level - depth, (part->node.index << 4 * depth) + i}, nodes->hashes[i]));
  parts_.erase(part);
}

void DiskComparison::tell(Part& part) {
  if (part.state == Part::State::like_base) {
    add_base_subtree(terms_, part.node, runs_, findings_);
  } else if (part.state == Part::State::zero) {
    add_zeros_until(std::min((part.node.index + 1) << 4 * part.node.level, terms_.blocks()), runs_);
  } else {
    part.region->emit(runs_, findings_);
    --regions_;
  }
}

void DiskComparison::tell_finished() {
  while (!parts_.empty() && parts_.front().state > Part::State::asked) {
    tell(parts_.front());
    parts_.pop_front();
  }
  if (parts_.empty())
    runs_.finish();
}

std::vector<DiskComparison::Question> DiskComparison::open_more() {
  std::vector<Question> questions;
  for (auto part = parts_.begin(); part != parts_.end() && regions_ < kRegionsMax; ++part) {
    if (part->state != Part::State::waiting)
      continue;
    if (part->node.level <= kRegionLevel) {
      part->region = std::make_unique<Region>(terms_, part->node, part->hash);
      ++regions_;
      questions.push_back({part->region->begin(), part->number});
    } else if (parts_.size() < kPartsMax || part == parts_.begin()) {
      questions.push_back({transport::AskNodes{terms_.disk, part->node, depth_below(*part)}, part->number});
    } else {
      break;
    }
    part->state = Part::State::asked;
  }
  return questions;
}

}  // namespace jaunt::sync
