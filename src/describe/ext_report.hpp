// What dumpe2fs and debugfs say of an ext2, ext3 or ext4 filesystem, and what follows from it.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "describe/free_space.hpp"
#include "model/extent.hpp"

namespace jaunt::describe {

// Reads dumpe2fs' output line by line. The volume's label may hold line ends, so every field must be unique; nothing
// is believed before finish() has seen all groups and their sums. Throws only corrupt, unsupported or limit.
class ExtReportReader {
 public:
  void line(std::string_view text);

  // `journal_extents` is what debugfs' dump_extents says of the journal; empty: nothing of the journal is elided.
  FreeSpace finish(std::string_view journal_extents);

 private:
  struct Group {
    std::uint64_t first = 0;
    std::uint64_t last = 0;
    std::optional<std::uint64_t> free_count;
    std::optional<std::uint64_t> free_listed;
  };

  void header_line(std::string_view text);
  void begin_group(std::string_view text);
  void group_line(std::string_view text);
  void free_list(std::string_view ranges);
  void begin_groups();
  void close_group();

  const std::string& field(const std::string& name) const;
  std::uint64_t number_field(const std::string& name) const;
  // Why the filesystem is not clean; empty when it is.
  std::string dirt() const;
  // What this reader does not understand; empty when it understands everything.
  std::string strangeness() const;
  model::ExtentSet journal_inside(std::string_view journal_extents) const;
  model::Extent blocks(std::uint64_t first, std::uint64_t last) const;

  std::map<std::string, std::string, std::less<>> fields_;
  bool in_groups_ = false;
  std::uint64_t block_bytes_ = 0;
  std::uint64_t block_count_ = 0;
  std::uint64_t groups_done_ = 0;
  std::uint64_t next_block_ = 0;
  std::uint64_t free_blocks_ = 0;
  std::optional<Group> group_;
  model::ExtentSet free_;
  model::ExtentSet metadata_;
};

}  // namespace jaunt::describe
