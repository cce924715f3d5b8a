#include "model/run_list.hpp"

#include <algorithm>
#include <utility>

#include "base/error.hpp"
#include "model/tree_format.hpp"

namespace jaunt::model {

namespace {

using base::Error;
using base::ErrorKind;

constexpr std::string_view kMagic = "JAUNTRUN";
constexpr std::uint32_t kVersion = 1;
constexpr std::size_t kHeaderBytes = 72;
constexpr unsigned kSourceBits = 3;
constexpr std::size_t kPendingBytes = 64 * base::kKiB;

[[noreturn]] void refuse(ErrorKind kind, const char* cause) {
  throw Error(kind, "read", "the runs of a plan", cause);
}

bool has_place(SourceKind source) {
  return source == SourceKind::base || source == SourceKind::local || source == SourceKind::package;
}

// Seven bits at a time, the lowest first; all bytes but the last have the high bit.
void append_varint(base::Bytes& out, std::uint64_t value) {
  for (; value >= 0x80; value >>= 7)
    out.push_back(std::byte(value | 0x80));
  out.push_back(std::byte(value));
}

// Small distances in either direction as small numbers: 0, -1, 1, -2, ...
std::uint64_t folded(std::uint64_t from, std::uint64_t to) {
  const auto distance = static_cast<std::int64_t>(to - from);
  return (static_cast<std::uint64_t>(distance) << 1) ^ static_cast<std::uint64_t>(distance >> 63);
}
std::uint64_t unfolded(std::uint64_t from, std::uint64_t number) {
  return from + ((number >> 1) ^ (~(number & 1) + 1));
}

class Input {
 public:
  explicit Input(base::ByteView bytes) : rest_(bytes) {}

  base::ByteView take(std::uint64_t count) {
    if (count > rest_.size())
      refuse(ErrorKind::corrupt, "it ends too early");
    const base::ByteView taken = rest_.first(count);
    rest_ = rest_.subspan(count);
    return taken;
  }
  template <std::integral Integer>
  Integer number() {
    return base::load_le<Integer>(take(sizeof(Integer)));
  }
  std::uint64_t varint() {
    std::uint64_t value = 0;
    for (unsigned shift = 0; shift < 64; shift += 7) {
      const auto byte = std::to_integer<std::uint64_t>(take(1)[0]);
      if (shift == 63 && byte > 1)
        break;
      value |= (byte & 0x7F) << shift;
      if (byte < 0x80)
        return value;
    }
    refuse(ErrorKind::corrupt, "a number in it is too long");
  }
  std::size_t left() const { return rest_.size(); }

 private:
  base::ByteView rest_;
};

Run read_run(Input& in, std::uint64_t& expected, std::uint32_t layers) {
  const std::uint64_t head = in.varint();
  const std::uint64_t source = head & ((1U << kSourceBits) - 1);
  if (source >= kSourceKinds.size())
    refuse(ErrorKind::corrupt, "a run has a source that does not exist");
  Run run{.source = kSourceKinds[source], .blocks = head >> kSourceBits};
  if (run.blocks == 0)
    refuse(ErrorKind::corrupt, "a run is empty");
  if (!has_place(run.source))
    return run;
  const std::uint64_t place = in.varint();
  if (place > layers || (place == 0 && run.source != SourceKind::base))
    refuse(ErrorKind::corrupt, "a run names a layer that does not exist");
  run.part = place == 0 ? kInPlace : static_cast<std::uint32_t>(place - 1);
  run.from = BlockIndex(unfolded(expected, in.varint()));
  if (run.from.value > block_count(tree_format::kImageBytesMax) ||
      run.blocks > block_count(tree_format::kImageBytesMax))
    refuse(ErrorKind::corrupt, "a run lies beyond any image");
  expected = run.from.value + run.blocks;
  return run;
}

// All of them; what remains of the input are the ids.
template <typename Visit>
void read_runs(Input& in, const RunListHead& head, const Visit& visit) {
  std::uint64_t covered = 0;
  std::uint64_t expected = 0;
  const std::uint64_t blocks = block_count(head.size);
  for (std::uint64_t i = 0; i < head.runs; ++i) {
    const Run run = read_run(in, expected, head.layers);
    if (run.blocks > blocks - covered)
      refuse(ErrorKind::corrupt, "its runs go beyond the image");
    covered += run.blocks;
    visit(run);
  }
  if (covered != blocks)
    refuse(ErrorKind::corrupt, "its runs do not cover the image");
}

RunListHead read_head(Input& in) {
  RunListHead head;
  head.layers = in.number<std::uint32_t>();
  head.size = base::ByteCount(in.number<std::uint64_t>());
  std::ranges::copy(in.take(head.carried_root.size()), head.carried_root.begin());
  head.runs = in.number<std::uint64_t>();
  head.store_ids = in.number<std::uint64_t>();
  if (head.size > tree_format::kImageBytesMax || head.runs > kRunsMax)
    refuse(ErrorKind::limit, "it is of a larger image, or has more runs, than any plan");
  return head;
}

}  // namespace

BySource<std::uint64_t> blocks_by_source(const RunList& list) {
  BySource<std::uint64_t> blocks;
  for (const Run& run : list.runs)
    blocks[run.source] += run.blocks;
  return blocks;
}

void append_run(std::vector<Run>& runs, const Run& run) {
  if (run.blocks == 0)
    return;
  if (!runs.empty()) {
    Run& last = runs.back();
    const bool follows = !has_place(run.source) || last.from.value + last.blocks == run.from.value;
    if (last.source == run.source && last.part == run.part && follows) {
      last.blocks += run.blocks;
      return;
    }
  }
  runs.push_back(run);
}

RunListWriter::RunListWriter(const RunListHead& head, Sink sink)
    : sink_(std::move(sink)), runs_left_(head.runs), ids_left_(head.store_ids) {
  const base::ByteView magic = base::as_bytes(kMagic);
  pending_.insert(pending_.end(), magic.begin(), magic.end());
  base::append_le(pending_, kVersion);
  base::append_le(pending_, head.layers);
  base::append_le(pending_, head.size.value);
  pending_.insert(pending_.end(), head.carried_root.begin(), head.carried_root.end());
  base::append_le(pending_, head.runs);
  base::append_le(pending_, head.store_ids);
}

void RunListWriter::pass(std::size_t enough) {
  if (pending_.size() < enough)
    return;
  seal_.update(pending_);
  sink_(pending_);
  pending_.clear();
}

void RunListWriter::add(const Run& run) {
  base::invariant(runs_left_-- > 0, "a list has as many runs as its head says");
  append_varint(pending_, run.blocks << kSourceBits | static_cast<std::uint64_t>(run.source));
  if (has_place(run.source)) {
    append_varint(pending_, run.part == kInPlace ? 0 : std::uint64_t{run.part} + 1);
    append_varint(pending_, folded(expected_, run.from.value));
    expected_ = run.from.value + run.blocks;
  }
  pass(kPendingBytes);
}

void RunListWriter::add(std::span<const BlockId> store_ids) {
  base::invariant(runs_left_ == 0 && store_ids.size() <= ids_left_, "a list has its ids behind its runs");
  ids_left_ -= store_ids.size();
  for (const BlockId& id : store_ids) {
    pending_.insert(pending_.end(), id.bytes.begin(), id.bytes.end());
    pass(kPendingBytes);
  }
}

void RunListWriter::finish() {
  base::invariant(runs_left_ == 0 && ids_left_ == 0, "a list has all that its head says");
  pass(0);
  const base::Hash32 seal = seal_.finish();
  sink_(seal);
}

RunListView::RunListView(base::ByteView bytes) {
  constexpr std::size_t seal_bytes = sizeof(base::Hash32);
  if (bytes.size() < kHeaderBytes + seal_bytes)
    refuse(ErrorKind::corrupt, "it is too short");
  Input in(bytes.first(bytes.size() - seal_bytes));
  if (!std::ranges::equal(in.take(kMagic.size()), base::as_bytes(kMagic)))
    refuse(ErrorKind::corrupt, "it does not begin with JAUNTRUN");
  if (in.number<std::uint32_t>() != kVersion)
    refuse(ErrorKind::unsupported, "it is of a version that this program does not know");
  if (!std::ranges::equal(bytes.last(seal_bytes), base::sha256(bytes.first(bytes.size() - seal_bytes))))
    refuse(ErrorKind::corrupt, "its checksum is wrong");
  head_ = read_head(in);
  runs_ = bytes.subspan(kHeaderBytes, in.left());
  std::uint64_t stored = 0;
  read_runs(in, head_, [&](const Run& run) { stored += run.source == SourceKind::store ? run.blocks : 0; });
  if (head_.store_ids != stored || in.left() / sizeof(BlockId) != stored || in.left() % sizeof(BlockId) != 0)
    refuse(ErrorKind::corrupt, "its ids are not those of its store runs");
  static_assert(sizeof(BlockId) == 16 && alignof(BlockId) == 1);
  store_ids_ = {reinterpret_cast<const BlockId*>(in.take(in.left()).data()), stored};
}

void RunListView::each_run(const std::function<void(const Run&)>& visit) const {
  Input in(runs_);
  read_runs(in, head_, visit);
}

BySource<std::uint64_t> blocks_by_source(const RunListView& list) {
  BySource<std::uint64_t> blocks;
  list.each_run([&](const Run& run) { blocks[run.source] += run.blocks; });
  return blocks;
}

base::Bytes encode(const RunList& list) {
  base::Bytes out;
  RunListWriter writer({.size = list.size,
                        .carried_root = list.carried_root,
                        .layers = list.layers,
                        .runs = list.runs.size(),
                        .store_ids = list.store_ids.size()},
                       [&](base::ByteView bytes) { out.insert(out.end(), bytes.begin(), bytes.end()); });
  for (const Run& run : list.runs)
    writer.add(run);
  writer.add(list.store_ids);
  writer.finish();
  return out;
}

RunList decode_run_list(base::ByteView bytes) {
  const RunListView view(bytes);
  const RunListHead& head = view.head();
  RunList list{.size = head.size, .carried_root = head.carried_root, .layers = head.layers};
  list.runs.reserve(head.runs);
  view.each_run([&](const Run& run) { list.runs.push_back(run); });
  list.store_ids.assign(view.store_ids().begin(), view.store_ids().end());
  return list;
}

}  // namespace jaunt::model
