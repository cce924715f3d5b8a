#include "sync/block_asker.hpp"

#include <algorithm>
#include <utility>

#include "base/error.hpp"

namespace jaunt::sync {

namespace tp = transport;
using Clock = std::chrono::steady_clock;

void AskAhead::account(std::uint64_t answered, Seconds since_question, Seconds since_answer) {
  shortest_ = shortest_ ? std::min(*shortest_, since_question) : since_question;
  const double now = static_cast<double>(answered) / std::max(since_answer.count(), 1e-4);
  rate_ = rate_ == 0 ? now : 0.9 * rate_ + 0.1 * now;
  bytes_ = std::clamp(static_cast<std::uint64_t>(2 * rate_ * shortest_->count()), kMin, kMax);
}

std::optional<BlockAsker::Waiting> BlockAsker::next_question() {
  Waiting question{.number = next_number_, .wants = {}, .asked = {}};
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

std::vector<tp::Message> BlockAsker::ask() {
  std::vector<tp::Message> messages;
  while (waiting_.empty() || bytes_waiting_ < ahead_.bytes()) {
    auto question = next_question();
    if (!question)
      break;
    ++next_number_;
    tp::AskBlocks ask{.disk = disk_, .blocks = {}};
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
    throw base::Error(base::ErrorKind::corrupt, "fetch blocks from", "the source",
                      "it answered another question than the one that was asked");
  const Waiting question = std::move(waiting_.front());
  waiting_.pop_front();
  const std::uint64_t bytes = question.blocks * model::kBlockBytes;
  bytes_waiting_ -= bytes;
  const auto now = Clock::now();
  ahead_.account(bytes, now - question.asked, now - std::exchange(last_answer_, now));
  const base::Bytes content = stream_.read(*blocks, question.blocks);
  std::size_t used = 0;
  for (const WireWant& want : question.wants) {
    const std::size_t length = want.blocks.count() * model::kBlockBytes;
    const auto part = base::ByteView(content).subspan(used, length);
    deliver_(want.tile, want.blocks, {part.begin(), part.end()});
    used += length;
  }
}

}  // namespace jaunt::sync
