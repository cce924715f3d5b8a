#include "chunkstore/index_segment.hpp"

#include <algorithm>
#include <cmath>

#include <fcntl.h>

#include "base/error.hpp"
#include "model/id_order.hpp"

namespace jaunt::chunkstore {

namespace {

using base::Error;
using base::ErrorKind;
using namespace segment_format;

constexpr std::size_t kCountAt = 16;
constexpr std::size_t kSumAt = 32;
constexpr std::size_t kBufferBytes = base::kMiB;

// All of the header but the checksum.
base::Bytes head(std::uint64_t count) {
  base::Bytes out;
  const auto magic = base::as_bytes(kMagic);
  out.assign(magic.begin(), magic.end());
  base::append_le(out, kVersion);
  base::append_le(out, std::uint32_t{0});
  base::append_le(out, count);
  base::append_le(out, std::uint64_t{0});
  return out;
}

}  // namespace

IndexSegment::IndexSegment(const std::filesystem::path& path) : file_(path), name_(path.string()) {
  const base::ByteView bytes = file_.bytes();
  if (bytes.size() < kHeaderBytes || !std::ranges::equal(bytes.first(kMagic.size()), base::as_bytes(kMagic)))
    throw Error(ErrorKind::corrupt, "read", name_, "it does not begin as a part of the index does");
  if (const auto version = base::load_le<std::uint32_t>(bytes.subspan(8)); version != kVersion)
    throw Error(ErrorKind::unsupported, "read", name_, "it has version " + std::to_string(version));
  const auto count = base::load_le<std::uint64_t>(bytes.subspan(kCountAt));
  const std::size_t rest = bytes.size() - kHeaderBytes;
  if (rest % sizeof(IndexEntry) != 0 || rest / sizeof(IndexEntry) != count)
    throw Error(ErrorKind::corrupt, "read", name_, "its length is not that of its entries");
  entries_ = {reinterpret_cast<const IndexEntry*>(bytes.data() + kHeaderBytes), static_cast<std::size_t>(count)};
}

std::size_t IndexSegment::lower_bound(const model::BlockId& id) const {
  std::size_t low = 0;
  std::size_t high = entries_.size();
  const std::uint64_t wanted = head_of(id);
  std::uint64_t floor = 0;  // of the ids in [low, high)
  std::uint64_t ceiling = ~std::uint64_t{0};
  const auto narrow = [&](double guess) {
    const auto at =
        static_cast<std::size_t>(std::clamp(guess, static_cast<double>(low), static_cast<double>(high - 1)));
    if (before(entries_[at].id, id)) {
      low = at + 1;
      floor = head_of(entries_[at].id);
    } else {
      high = at;
      ceiling = head_of(entries_[at].id);
    }
  };
  // Ids are uniform, so places can be guessed. A few guesses narrow millions of entries to a handful of neighbours;
  // where ids are not uniform, bisecting ends it.
  for (unsigned guesses = 0; guesses < 4 && high - low > 16 && ceiling > floor; ++guesses) {
    const auto room = static_cast<double>(high - low);
    const double share = static_cast<double>(wanted - floor) / static_cast<double>(ceiling - floor);
    const double guess = static_cast<double>(low) + share * room;
    narrow(guess - std::sqrt(room));
    if (low < high)
      narrow(guess + std::sqrt(room));
  }
  const auto inside = entries_.subspan(low, high - low);
  const auto found =
      std::lower_bound(inside.begin(), inside.end(), id,
                       [](const IndexEntry& entry, const auto& other) { return before(entry.id, other); });
  return low + static_cast<std::size_t>(found - inside.begin());
}

std::optional<Location> IndexSegment::find(const model::BlockId& id) const {
  const std::size_t at = lower_bound(id);
  if (at == entries_.size() || entries_[at].id != id)
    return std::nullopt;
  return entries_[at].location;
}

void IndexSegment::verify() const {
  const base::Hash32 sum = base::Sha256().update(std::as_bytes(entries_)).update(head(entries_.size())).finish();
  const auto descends = [](const IndexEntry& a, const IndexEntry& b) { return !before(a.id, b.id); };
  if (!std::ranges::equal(sum, file_.bytes().subspan(kSumAt, sum.size())))
    throw Error(ErrorKind::corrupt, "read", name_, "its checksum is another");
  if (std::ranges::adjacent_find(entries_, descends) != entries_.end())
    throw Error(ErrorKind::corrupt, "read", name_, "its ids do not ascend");
}

SegmentWriter::SegmentWriter(const std::filesystem::path& path)
    : file_(base::File::open(path, O_RDWR | O_CREAT | O_TRUNC)) {
  buffer_.reserve(kBufferBytes);
}

void SegmentWriter::append(const IndexEntry& entry) {
  const auto bytes = std::as_bytes(std::span(&entry, 1));
  buffer_.insert(buffer_.end(), bytes.begin(), bytes.end());
  ++count_;
  if (buffer_.size() + sizeof entry > kBufferBytes)
    flush();
}

void SegmentWriter::flush() {
  sha_.update(buffer_);
  file_.write_all(base::ByteOffset(written_), buffer_);
  written_ += buffer_.size();
  buffer_.clear();
}

void SegmentWriter::finish() {
  flush();
  base::Bytes header = head(count_);
  const base::Hash32 sum = sha_.update(header).finish();
  header.insert(header.end(), sum.begin(), sum.end());
  file_.write_all(base::ByteOffset(0), header);
  file_.sync();
}

const IndexEntry* MergedEntries::next() {
  const IndexEntry* least = nullptr;
  for (const auto& list : lists_)
    if (!list.empty() && (least == nullptr || before(list.front().id, least->id)))
      least = &list.front();
  if (least == nullptr)
    return nullptr;
  const model::BlockId id = least->id;
  for (auto& list : lists_)
    if (!list.empty() && list.front().id == id)
      list = list.subspan(1);
  return least;
}

}  // namespace jaunt::chunkstore
