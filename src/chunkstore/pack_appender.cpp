#include "chunkstore/pack_appender.hpp"

#include <algorithm>
#include <system_error>
#include <utility>

#include <fcntl.h>

#include "base/error.hpp"
#include "base/named_point.hpp"
#include "chunkstore/pack_format.hpp"

namespace jaunt::chunkstore {

namespace {

// What is durable is never written to again, not even the rest of its page.
constexpr std::uint64_t kPageBytes = 4096;
constexpr std::uint64_t kWriteBackBytes = 8 * base::kMiB;

constexpr std::uint64_t page_aligned(std::uint64_t offset) {
  return (offset + kPageBytes - 1) / kPageBytes * kPageBytes;
}

}  // namespace

PackAppender::PackAppender(const StoreFolder& folder, const StoreSnapshot& snapshot,
                           const base::Hash32& realm_fingerprint, bool continue_pack)
    : folder_(folder), realm_(snapshot.realm()), realm_fingerprint_(realm_fingerprint) {
  if (!continue_pack || snapshot.packs().empty())
    return;
  const auto newest = std::ranges::max_element(snapshot.packs(), {}, [](const auto& pack) { return pack.first; });
  if (newest->second.bytes < kPackBytesMax)
    open_pack(newest->second);
}

void PackAppender::open_pack(const PackRecord& pack) {
  const auto path = folder_.pack(pack.number);
  std::error_code gone;
  const auto size = std::filesystem::file_size(path, gone);
  if (gone || size < pack.bytes)
    return;  // damaged; a new one is begun
  auto file = base::File::open(path, O_RDWR);
  file.truncate(base::ByteCount(pack.bytes));  // the tail that a killed writer left
  file_ = std::move(file);
  pack_ = pack;
  pack_.bytes = page_aligned(pack_.bytes);
  handed_over_ = pack_.bytes;
}

void PackAppender::start_pack() {
  std::uint64_t number = 0;
  folder_.manifest().write([&](WriteTxn& txn) { number = manifest::next(txn, Counter::pack); });
  if (number > Location::kPackMax)
    throw base::Error(base::ErrorKind::limit, "begin a pack in", folder_.path().string(), "it has had 2^24 packs");
  pack_ = {.number = static_cast<std::uint32_t>(number), .realm = realm_};
  base::named_point("store.pack-begin");
  file_ = base::File::open(folder_.pack(pack_.number), O_RDWR | O_CREAT | O_TRUNC);
  new_files_ = true;
  file_->write_all(base::ByteOffset(0), pack_format::encode({pack_.number, realm_fingerprint_, realm_}));
  pack_.bytes = pack_format::kHeaderBytes;
  handed_over_ = 0;
}

void PackAppender::append(const EncodedGroup& group, std::int64_t filled_at) {
  if (file_ && pack_.bytes + group.bytes.size() > kPackBytesMax) {
    close_pack();
    file_.reset();
  }
  if (!file_)
    start_pack();
  pack_.filled_at = pack_.groups == 0 ? filled_at : std::min(pack_.filled_at, filled_at);
  file_->write_all(base::ByteOffset(pack_.bytes), group.bytes);
  base::named_point("store.group-written");
  for (unsigned slot = 0; slot < group.ids.size(); ++slot)
    appended_.entries.push_back({group.ids[slot], Location::of(pack_.number, pack_.bytes, group.bytes.size(), slot)});
  pack_.bytes = pack_format::aligned(pack_.bytes + group.bytes.size());
  pack_.blocks += group.ids.size();
  ++pack_.groups;
  changed_ = true;
  write_back();
}

// Lets the disk begin early, so that the sync at the end has little left to wait for.
void PackAppender::write_back() {
  if (pack_.bytes - handed_over_ < kWriteBackBytes)
    return;
  ::sync_file_range(file_->fd(), static_cast<off_t>(handed_over_), static_cast<off_t>(pack_.bytes - handed_over_),
                    SYNC_FILE_RANGE_WRITE);
  handed_over_ = pack_.bytes;
}

void PackAppender::close_pack() {
  if (!changed_)
    return;
  file_->truncate(base::ByteCount(pack_.bytes));  // the zeros behind the last group, or what is cut off
  base::named_point("store.pack-sync");
  file_->sync();
  base::named_point("store.pack-synced");
  appended_.packs.push_back(pack_);
  changed_ = false;
  pack_.bytes = page_aligned(pack_.bytes);
}

PackAppender::Appended PackAppender::finish() {
  close_pack();
  if (new_files_)
    base::sync_directory(folder_.packs());
  new_files_ = false;
  return std::exchange(appended_, {});
}

}  // namespace jaunt::chunkstore
