// A list in memory that does not grow with it.
#pragma once

#include <algorithm>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <type_traits>
#include <utility>
#include <vector>

#include "base/file.hpp"

namespace jaunt::engine {

// Grows at its end, and is walked from its beginning. What outgrows kBufferBytes lies in a file without a name in
// `folder`.
template <typename Record>
class SpilledList {
  static_assert(std::is_trivially_copyable_v<Record>);

 public:
  static constexpr std::size_t kBufferBytes = 64 * base::kKiB;
  static constexpr std::size_t kBuffered = kBufferBytes / sizeof(Record);

  explicit SpilledList(std::filesystem::path folder) : folder_(std::move(folder)) {}

  void add(const Record& record) {
    pending_.push_back(record);
    if (pending_.size() == kBuffered)
      spill();
  }
  void add(std::span<const Record> records) {
    for (const Record& record : records)
      add(record);
  }
  std::uint64_t size() const { return spilled_ + pending_.size(); }

  // The list outlives it, and nothing is added meanwhile.
  class Walk {
   public:
    explicit Walk(const SpilledList& list) : list_(list) {}

    std::optional<Record> next() {
      if (at_ == some_.size())
        load();
      return at_ < some_.size() ? std::optional(some_[at_++]) : std::nullopt;
    }

   private:
    void load() {
      begin_ += some_.size();
      at_ = 0;
      if (begin_ >= list_.spilled_) {
        const auto rest = std::span(list_.pending_).subspan(begin_ - list_.spilled_);
        some_.assign(rest.begin(), rest.end());
        return;
      }
      some_.resize(std::min<std::uint64_t>(kBuffered, list_.spilled_ - begin_));
      list_.file_.read_exact(offset_of(begin_), std::as_writable_bytes(std::span(some_)));
    }

    const SpilledList& list_;
    std::uint64_t begin_ = 0;  // of some_
    std::vector<Record> some_;
    std::size_t at_ = 0;
  };

  template <typename Visit>
  void each(const Visit& visit) const {
    Walk walk(*this);
    while (const auto record = walk.next())
      visit(*record);
  }

  // All of it in one piece; nothing is added any more.
  std::span<const Record> map() {
    if (spilled_ == 0)
      return pending_;
    spill();
    if (!mapped_)
      mapped_ = std::make_unique<base::MappedFile>("/proc/self/fd/" + std::to_string(file_.fd()));
    return {reinterpret_cast<const Record*>(mapped_->bytes().data()), spilled_};
  }

 private:
  static base::ByteOffset offset_of(std::uint64_t number) { return base::ByteOffset(number * sizeof(Record)); }

  void spill() {
    if (spilled_ == 0)
      file_ = base::unnamed_file(folder_);
    file_.write_all(offset_of(spilled_), std::as_bytes(std::span(pending_)));
    spilled_ += pending_.size();
    pending_.clear();
  }

  std::filesystem::path folder_;
  base::File file_;
  std::uint64_t spilled_ = 0;
  std::vector<Record> pending_;
  std::unique_ptr<base::MappedFile> mapped_;
};

}  // namespace jaunt::engine
