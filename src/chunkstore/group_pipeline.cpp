#include "chunkstore/group_pipeline.hpp"

#include <algorithm>
#include <utility>

#include "base/error.hpp"
#include "chunkstore/pack_format.hpp"
#include "codec/zstd_frame.hpp"

namespace jaunt::chunkstore {

namespace {

using base::Error;
using base::ErrorKind;

unsigned thread_count(unsigned wanted) {
  return wanted != 0 ? wanted : std::max(1U, std::thread::hardware_concurrency());
}

void check_ids(const RawGroup& group, model::BlockHasher& hasher) {
  std::vector<std::optional<model::BlockId>> ids(group.ids.size());
  hasher.ids_of(group.blocks, ids);
  for (std::size_t i = 0; i < ids.size(); ++i)
    if (ids[i] != group.ids[i])
      throw Error(ErrorKind::verify, "store the block", model::to_hex(group.ids[i]), "its bytes have another id");
}

void encode(const RawGroup& raw, codec::FrameCompressor& compressor, base::Bytes& out) {
  using pack_format::Coding;
  pack_format::begin_group(out, raw.ids);
  // What gains less than a sixteenth is not worth decompressing.
  const bool smaller = compressor.append_frame(raw.blocks, raw.blocks.size() - raw.blocks.size() / 16, out);
  if (!smaller)
    out.insert(out.end(), raw.blocks.begin(), raw.blocks.end());
  pack_format::seal_group(out, smaller ? Coding::zstd : Coding::plain);
}

}  // namespace

GroupPipeline::GroupPipeline(const Options& options)
    : options_(options), jobs_max_(std::size_t{4} * thread_count(options.threads)) {
  const codec::FrameCompressor tried{options.level};  // refuses a bad level here
  for (unsigned i = 0; i < thread_count(options.threads); ++i)
    threads_.emplace_back([this] { work(); });
}

GroupPipeline::~GroupPipeline() {
  {
    const std::lock_guard lock(mutex_);
    ending_ = true;
    waiting_.clear();
  }
  changed_.notify_all();
  for (std::thread& thread : threads_)
    thread.join();
}

void GroupPipeline::submit(RawGroup group) {
  auto job = std::make_shared<Job>();
  job->raw = std::move(group);
  ++jobs_under_way_;
  {
    const std::lock_guard lock(mutex_);
    if (!spare_bytes_.empty()) {
      job->encoded.bytes = std::move(spare_bytes_.back());
      spare_bytes_.pop_back();
    }
    order_.push_back(job);
    waiting_.push_back(std::move(job));
  }
  changed_.notify_one();
}

std::optional<EncodedGroup> GroupPipeline::take(bool wait) {
  std::unique_lock lock(mutex_);
  if (order_.empty())
    return std::nullopt;
  if (wait)
    finished_.wait(lock, [this] { return order_.front()->done; });
  else if (!order_.front()->done)
    return std::nullopt;
  const auto job = std::move(order_.front());
  order_.pop_front();
  --jobs_under_way_;
  if (job->failure)
    std::rethrow_exception(job->failure);
  return std::move(job->encoded);
}

RawGroup GroupPipeline::spare_group() {
  const std::lock_guard lock(mutex_);
  RawGroup group;
  if (!spare_groups_.empty()) {
    group = std::move(spare_groups_.back());
    spare_groups_.pop_back();
  }
  group.ids.clear();
  group.blocks.clear();
  return group;
}

void GroupPipeline::give_back(EncodedGroup group) {
  const std::lock_guard lock(mutex_);
  spare_bytes_.push_back(std::move(group.bytes));
}

void GroupPipeline::work() {
  codec::FrameCompressor compressor(options_.level);
  model::BlockHasher hasher(options_.key);
  std::unique_lock lock(mutex_);
  while (true) {
    changed_.wait(lock, [this] { return ending_ || !waiting_.empty(); });
    if (ending_)
      return;
    const std::shared_ptr<Job> job = std::move(waiting_.front());
    waiting_.pop_front();
    lock.unlock();
    try {
      if (options_.check_ids)
        check_ids(job->raw, hasher);
      encode(job->raw, compressor, job->encoded.bytes);
      job->encoded.ids = job->raw.ids;
    } catch (...) {
      job->failure = std::current_exception();
    }
    lock.lock();
    spare_groups_.push_back(std::move(job->raw));
    job->done = true;
    finished_.notify_one();
  }
}

}  // namespace jaunt::chunkstore
