#include "sync/block_asker.hpp"

#include <algorithm>
#include <numeric>
#include <utility>

#include "base/error.hpp"
#include "codec/delta.hpp"

namespace jaunt::sync {

namespace tp = transport;
using Clock = std::chrono::steady_clock;

namespace {

constexpr std::uint64_t kFormerWaitingMax = 8 * base::kMiB;

[[noreturn]] void refuse(const char* cause) {
  throw base::Error(base::ErrorKind::corrupt, "fetch blocks from", "the source", cause);
}

}  // namespace

void AskAhead::account(std::uint64_t answered, Seconds since_question, Seconds since_answer) {
  shortest_ = shortest_ ? std::min(*shortest_, since_question) : since_question;
  const double now = static_cast<double>(answered) / std::max(since_answer.count(), 1e-4);
  rate_ = rate_ == 0 ? now : 0.9 * rate_ + 0.1 * now;
  bytes_ = std::clamp(static_cast<std::uint64_t>(2 * rate_ * shortest_->count()), kMin, kMax);
}

std::optional<BlockAsker::Waiting> BlockAsker::next_question() {
  Waiting question{.number = next_number_, .wants = {}, .former = {}, .asked = {}};
  while (question.wants.size() < tp::kTilesMax) {
    auto want = left_over_ ? std::exchange(left_over_, std::nullopt) : next_();
    if (!want)
      break;
    const std::size_t blocks = want->blocks.count();
    const bool twice = std::ranges::find(question.wants, want->tile, &WireWant::tile) != question.wants.end();
    if (twice || question.blocks + blocks > tp::kBlocksMax) {
      left_over_ = want;
      break;
    }
    question.blocks += blocks;
    question.wants.push_back(*want);
  }
  std::ranges::sort(question.wants, {}, &WireWant::tile);  // a set of blocks ascends
  return question.wants.empty() ? std::nullopt : std::optional(std::move(question));
}

// Keeps what is told of, because a delta is to be applied to it.
std::vector<base::Bytes> BlockAsker::tell_former(Waiting& question) {
  if (!former_)
    return {};
  std::vector<base::Bytes> signatures(question.wants.size());
  std::vector<base::Bytes> former(question.wants.size());
  bool any = false;
  for (std::size_t i = 0; i < question.wants.size(); ++i) {
    const std::size_t length = codec::signature_bytes(question.wants[i].blocks.count() * model::kBlockBytes);
    if (question.wants[i].whole || former_waiting_ >= kFormerWaitingMax || !choice_.tells(length))
      continue;
    former[i] = former_(question.wants[i]);
    if (former[i].empty()) {
      choice_.take_back(length);
      continue;
    }
    signatures[i] = codec::signature_of(former[i]);
    former_waiting_ += former[i].size();
    deltas_.signatures += base::ByteCount(signatures[i].size());
    any = true;
  }
  if (!any)
    return {};
  question.former = std::move(former);
  return signatures;
}

std::vector<std::size_t> BlockAsker::lengths_of(const Waiting& question, const tp::Blocks& blocks) const {
  if (!blocks.deltas.empty() && (question.former.empty() || blocks.deltas.size() != question.wants.size()))
    refuse("it sends deltas of what it was not told of");
  std::vector<std::size_t> lengths;
  for (std::size_t i = 0; i < question.wants.size(); ++i) {
    const std::size_t whole = question.wants[i].blocks.count() * model::kBlockBytes;
    const std::size_t delta = blocks.deltas.empty() ? 0 : blocks.deltas[i];
    if (delta > whole || (delta != 0 && question.former[i].empty()))
      refuse("it sends a delta that helps nobody");
    lengths.push_back(delta != 0 ? delta : whole);
  }
  return lengths;
}

std::vector<tp::Message> BlockAsker::ask() {
  std::vector<tp::Message> messages;
  while (waiting_.empty() || bytes_waiting_ < ahead_.bytes()) {
    auto question = next_question();
    if (!question)
      break;
    ++next_number_;
    tp::AskBlocks ask{.disk = disk_, .blocks = {}, .former = tell_former(*question)};
    for (const WireWant& want : question->wants)
      ask.blocks.push_back(tile_blocks(want.tile, want.blocks));
    messages.push_back({question->number, std::move(ask)});
    if (waiting_.empty())
      last_answer_ = Clock::now();
    question->asked = Clock::now();
    bytes_waiting_ += question->blocks * model::kBlockBytes;
    waiting_.push_back(std::move(*question));
  }
  return messages;
}

void BlockAsker::receive(const tp::Message& answer) {
  const auto* blocks = std::get_if<tp::Blocks>(&answer.body);
  if (waiting_.empty() || blocks == nullptr || answer.number != waiting_.front().number)
    refuse("it answered another question than the one that was asked");
  const Waiting question = std::move(waiting_.front());
  waiting_.pop_front();
  const std::uint64_t bytes = question.blocks * model::kBlockBytes;
  bytes_waiting_ -= bytes;
  const auto now = Clock::now();
  ahead_.account(bytes, now - question.asked, now - std::exchange(last_answer_, now));
  choice_.receive(blocks->piece.size());
  const std::vector<std::size_t> lengths = lengths_of(question, *blocks);
  const base::Bytes content = stream_.read(*blocks, std::accumulate(lengths.begin(), lengths.end(), std::size_t{0}));
  std::size_t used = 0;
  for (std::size_t i = 0; i < lengths.size(); ++i) {
    const auto part = base::ByteView(content).subspan(used, lengths[i]);
    used += lengths[i];
    const WireWant& want = question.wants[i];
    TileWork work{.tile = want.tile, .from_wire = want.blocks, .wire = {}, .delta = false};
    const base::Bytes* const former = question.former.empty() || question.former[i].empty() ? nullptr : &question.former[i];
    work.delta = !blocks->deltas.empty() && blocks->deltas[i] != 0;
    if (former != nullptr) {
      former_waiting_ -= former->size();
      choice_.account(work.delta, codec::signature_bytes(former->size()));
    }
    if (work.delta) {
      work.wire.resize(former->size());
      codec::apply_delta(*former, part, work.wire);
      ++deltas_.tiles;
      deltas_.blocks += base::ByteCount(work.wire.size());
      deltas_.deltas += base::ByteCount(part.size());
    } else {
      work.wire.assign(part.begin(), part.end());
    }
    deliver_(std::move(work));
  }
}

}  // namespace jaunt::sync
