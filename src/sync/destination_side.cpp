#include "sync/destination_side.hpp"

#include <algorithm>
#include <bit>
#include <utility>

#include "base/error.hpp"
#include "base/text.hpp"
#include "model/tree_format.hpp"

namespace jaunt::sync {

namespace {

namespace msg = transport;
using base::ErrorKind;

// Of n missing blocks n / 2^kMarginBits begin like another one here by accident; each costs a few hundred bytes more,
// each bit one for every block that is looked up.
constexpr unsigned kMarginBits = 10;
constexpr unsigned kHintBits = 8;
constexpr unsigned kCheckBits = 20;
constexpr unsigned kShortBitsMin = 16;

[[noreturn]] void fail(ErrorKind kind, std::string cause) {
  throw base::Error(kind, "work out the difference with", "the source", std::move(cause));
}

void check_realm(const DiskTerms& terms, const base::Hash32& realm) {
  if (terms.base != nullptr && terms.base->realm() != realm)
    fail(ErrorKind::incompatible, "the base is of another realm than the disk");
}

DiskTerms terms_of(std::uint32_t disk, const msg::DiskFacts& facts, const model::TreeView* base,
                   const Lookup& lookup) {
  DiskTerms terms{.disk = disk, .size = facts.size, .carried_root = facts.carried_root, .base = base};
  check_realm(terms, facts.realm);
  if (base == nullptr && lookup.ids() == 0)
    return terms;
  terms.check_bits = kCheckBits;
  terms.hint_bits = kHintBits;
  terms.short_bits =
      std::clamp(static_cast<unsigned>(std::bit_width(lookup.ids())) + kMarginBits, kShortBitsMin, 64U);
  return terms;
}

}  // namespace

DestinationSide::Messages DestinationSide::hello() {
  return {question(msg::Hello{}, {})};
}

DestinationSide::Messages DestinationSide::ask_samples(std::uint32_t disk) {
  facts(disk);
  return {question(msg::AskSamples{disk}, {.what = Waiting::For::samples, .disk = disk})};
}

DestinationSide::Messages DestinationSide::compare(std::uint32_t disk, const Local& local, Findings findings) {
  Lookup lookup(local.sources);
  const DiskTerms terms = terms_of(disk, facts(disk), local.base, lookup);
  if (terms.size == base::ByteCount(0))
    return {};
  comparisons_.push_back(std::make_unique<DiskComparison>(terms, std::move(lookup), std::move(findings)));
  return questions(*comparisons_.back(), comparisons_.back()->begin());
}

DestinationSide::Messages DestinationSide::receive(const msg::Message& answer) {
  if (waiting_.empty() || answer.number != waiting_.front().number)
    fail(ErrorKind::corrupt, "an answer came to no question");
  const Waiting waiting = waiting_.front();
  waiting_.pop_front();
  if (const auto* refusal = std::get_if<msg::Refusal>(&answer.body))
    fail(ErrorKind::peer,
         "it refuses (" + std::string(base::to_string(refusal->kind)) + "): " + base::printable(refusal->cause));
  switch (waiting.what) {
    case Waiting::For::welcome:
      take_welcome(answer.body);
      break;
    case Waiting::For::samples:
      take_samples(waiting.disk, answer.body);
      break;
    case Waiting::For::comparison:
      Messages next = questions(*waiting.comparison, waiting.comparison->receive(waiting.part, answer.body));
      if (waiting.comparison->done())
        std::erase_if(comparisons_, [&](const auto& work) { return work.get() == waiting.comparison; });
      return next;
  }
  return {};
}

const match::Samples& DestinationSide::samples(std::uint32_t disk) const {
  base::invariant(disk < samples_.size() && samples_[disk].has_value(), "samples were asked for and came");
  return *samples_[disk];
}

const msg::DiskFacts& DestinationSide::facts(std::uint32_t disk) const {
  base::invariant(disk < disks_.size(), "a disk is one of those that the source offered");
  return disks_[disk];
}

msg::Message DestinationSide::question(msg::Body body, Waiting waiting) {
  waiting.number = next_number_++;
  waiting_.push_back(waiting);
  return {waiting.number, std::move(body)};
}

DestinationSide::Messages DestinationSide::questions(DiskComparison& comparison,
                                                     std::vector<DiskComparison::Question> asked) {
  Messages messages;
  for (DiskComparison::Question& each : asked)
    messages.push_back(question(std::move(each.body),
                                {.what = Waiting::For::comparison, .comparison = &comparison, .part = each.part}));
  return messages;
}

void DestinationSide::add_disk(std::uint32_t number, const msg::DiskFacts& facts) {
  if (number != disks_.size() || number >= msg::kDisksMax + msg::kArchivesMax)
    fail(ErrorKind::corrupt, "a further disk has a number that is not its own");
  if (facts.size > model::tree_format::kImageBytesMax)
    fail(ErrorKind::limit, "a disk is larger than any that jaunt can carry");
  disks_.push_back(facts);
  samples_.emplace_back();
}

void DestinationSide::take_welcome(const msg::Body& answer) {
  const auto* welcome = std::get_if<msg::Welcome>(&answer);
  if (welcome == nullptr)
    fail(ErrorKind::corrupt, "it does not answer the hello");
  if (welcome->version != msg::kProtocolVersion)
    fail(ErrorKind::unsupported, "it speaks version " + std::to_string(welcome->version) + " of the protocol, not " +
                                     std::to_string(msg::kProtocolVersion) + "; install the same version of jaunt");
  for (const msg::DiskFacts& disk : welcome->disks)
    if (disk.size > model::tree_format::kImageBytesMax)
      fail(ErrorKind::limit, "a disk is larger than any that jaunt can carry");
  disks_ = welcome->disks;
  features_ = welcome->features;
  samples_.resize(disks_.size());
}

void DestinationSide::take_samples(std::uint32_t disk, const msg::Body& answer) {
  const auto* told = std::get_if<msg::Samples>(&answer);
  if (told == nullptr || told->needed_blocks != facts(disk).needed_blocks)
    fail(ErrorKind::corrupt, "its samples are not those of the disk that it offered");
  match::Samples samples{.bits = told->zero_bits,
                         .samples = {},
                         .needed_blocks = told->needed_blocks,
                         .needed_ids = told->needed_ids,
                         .squared_blocks = told->squared_blocks,
                         .realm = facts(disk).realm};
  for (const msg::Sample& sample : told->samples)
    samples.samples.push_back({sample.key, sample.blocks});
  match::check(samples);
  samples_[disk] = std::move(samples);
}

}  // namespace jaunt::sync
