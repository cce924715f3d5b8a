#include "model/run_list.hpp"

#include <algorithm>
#include <limits>

#include <fmt/format.h>

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

[[noreturn]] void refuse(ErrorKind kind, const char* cause) {
  throw Error(kind, "read", "the runs of a plan", cause);
}

bool has_place(SourceKind source) {
  return source == SourceKind::base || source == SourceKind::local;
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

void read_runs(Input& in, std::uint64_t count, RunList& list) {
  std::uint64_t covered = 0;
  std::uint64_t expected = 0;
  const std::uint64_t blocks = block_count(list.size);
  list.runs.reserve(std::min<std::uint64_t>(count, in.left()));
  for (std::uint64_t i = 0; i < count; ++i) {
    list.runs.push_back(read_run(in, expected, list.layers));
    if (list.runs.back().blocks > blocks - covered)
      refuse(ErrorKind::corrupt, "its runs go beyond the image");
    covered += list.runs.back().blocks;
  }
  if (covered != blocks)
    refuse(ErrorKind::corrupt, "its runs do not cover the image");
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

base::Bytes encode(const RunList& list) {
  base::Bytes out(reinterpret_cast<const std::byte*>(kMagic.data()),
                  reinterpret_cast<const std::byte*>(kMagic.data()) + kMagic.size());
  base::append_le(out, kVersion);
  base::append_le(out, list.layers);
  base::append_le(out, list.size.value);
  out.insert(out.end(), list.carried_root.begin(), list.carried_root.end());
  base::append_le<std::uint64_t>(out, list.runs.size());
  base::append_le<std::uint64_t>(out, list.store_ids.size());
  std::uint64_t expected = 0;
  for (const Run& run : list.runs) {
    append_varint(out, run.blocks << kSourceBits | static_cast<std::uint64_t>(run.source));
    if (has_place(run.source)) {
      append_varint(out, run.part == kInPlace ? 0 : std::uint64_t{run.part} + 1);
      append_varint(out, folded(expected, run.from.value));
      expected = run.from.value + run.blocks;
    }
  }
  for (const BlockId& id : list.store_ids)
    out.insert(out.end(), id.bytes.begin(), id.bytes.end());
  const base::Hash32 seal = base::sha256(out);
  out.insert(out.end(), seal.begin(), seal.end());
  return out;
}

RunList decode_run_list(base::ByteView bytes) {
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
  RunList list;
  list.layers = in.number<std::uint32_t>();
  list.size = base::ByteCount(in.number<std::uint64_t>());
  std::ranges::copy(in.take(list.carried_root.size()), list.carried_root.begin());
  const auto runs = in.number<std::uint64_t>();
  const auto ids = in.number<std::uint64_t>();
  if (list.size > tree_format::kImageBytesMax || runs > kRunsMax)
    refuse(ErrorKind::limit, "it is of a larger image, or has more runs, than any plan");
  read_runs(in, runs, list);
  const std::uint64_t stored = blocks_by_source(list)[SourceKind::store];
  if (ids != stored || in.left() / sizeof(BlockId) != ids || in.left() % sizeof(BlockId) != 0)
    refuse(ErrorKind::corrupt, "its ids are not those of its store runs");
  list.store_ids.resize(ids);
  for (BlockId& id : list.store_ids)
    std::ranges::copy(in.take(id.bytes.size()), id.bytes.begin());
  return list;
}

}  // namespace jaunt::model
