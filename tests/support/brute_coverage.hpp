// What images share, counted by comparing the bytes of their blocks: no ids, no trees, nothing of src/match.
#pragma once

#include <cstdint>
#include <cstring>
#include <filesystem>
#include <functional>
#include <string_view>
#include <unordered_map>
#include <unordered_set>
#include <vector>

#include <fcntl.h>
#include <sys/mman.h>
#include <unistd.h>

#include "base/error.hpp"
#include "base/file.hpp"
#include "match/overlap.hpp"
#include "model/block.hpp"
#include "model/extent.hpp"

namespace jaunt::testing {

// A raw image that nobody changes meanwhile, mapped; blocks in holes are not touched.
class MappedBlocks {
 public:
  explicit MappedBlocks(const std::filesystem::path& path)
      : file_(base::File::open(path, O_RDONLY)), size_(static_cast<std::uint64_t>(file_.stat().st_size)) {
    base::invariant(size_ % model::kBlockBytes == 0, "the image is whole blocks");
    void* const bytes = ::mmap(nullptr, size_, PROT_READ, MAP_SHARED, file_.fd(), 0);
    if (bytes == MAP_FAILED)
      base::throw_errno(errno, "map", path.string());
    bytes_ = static_cast<const std::byte*>(bytes);
  }
  ~MappedBlocks() { ::munmap(const_cast<std::byte*>(bytes_), size_); }
  MappedBlocks(const MappedBlocks&) = delete;
  MappedBlocks& operator=(const MappedBlocks&) = delete;

  // Calls visit(offset, block) for every block that is not zero.
  template <typename Visit>
  void each(const Visit& visit) const {
    constexpr auto kBlock = static_cast<off_t>(model::kBlockBytes);
    off_t hole = 0;
    for (off_t data = ::lseek(file_.fd(), 0, SEEK_DATA); data >= 0; data = ::lseek(file_.fd(), hole, SEEK_DATA)) {
      const off_t from = std::max(data / kBlock * kBlock, (hole + kBlock - 1) / kBlock * kBlock);
      hole = ::lseek(file_.fd(), data, SEEK_HOLE);
      for (off_t at = from; at < hole; at += kBlock)
        if (!model::is_zero({bytes_ + at, model::kBlockBytes}))
          visit(base::ByteOffset(static_cast<std::uint64_t>(at)), bytes_ + at);
    }
  }

 private:
  base::File file_;
  std::uint64_t size_;
  const std::byte* bytes_ = nullptr;
};

class BruteCoverage {
 public:
  BruteCoverage(const std::filesystem::path& wanted, const model::ExtentSet& elided) : wanted_(wanted) {
    wanted_.each([&](base::ByteOffset at, const std::byte* block) {
      if (!elided.covers({at, base::ByteCount(model::kBlockBytes)}))
        ++needed_[block];
    });
  }

  // Of what is needed, how much lies in the union of these images.
  match::Overlap held_by(const std::vector<std::filesystem::path>& images) const {
    std::unordered_set<const std::byte*, Hash, Equal> found;
    for (const auto& path : images)
      MappedBlocks(path).each([&](base::ByteOffset, const std::byte* block) {
        if (const auto same = needed_.find(block); same != needed_.end())
          found.insert(same->first);
      });
    match::Overlap result;
    for (const auto& [block, times] : needed_) {
      result.needed_blocks += times;
      if (found.contains(block))
        result.found_blocks += times;
      else
        ++result.missing_ids;
    }
    return result;
  }

 private:
  struct Hash {
    std::size_t operator()(const std::byte* block) const {
      return std::hash<std::string_view>()({reinterpret_cast<const char*>(block), model::kBlockBytes});
    }
  };
  struct Equal {
    bool operator()(const std::byte* a, const std::byte* b) const {
      return std::memcmp(a, b, model::kBlockBytes) == 0;
    }
  };

  MappedBlocks wanted_;
  std::unordered_map<const std::byte*, std::uint64_t, Hash, Equal> needed_;
};

}  // namespace jaunt::testing
