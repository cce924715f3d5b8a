// What xfs_db and xfs_logprint say of an XFS filesystem, and what follows from it.
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

// The superblock, as `xfs_db -c 'sb 0' -c p` prints it. Throws only corrupt, unsupported or limit, as do the others.
struct XfsSuperblock {
  static XfsSuperblock parse(std::string_view text);

  std::uint64_t block_bytes = 0;
  std::uint64_t blocks = 0;
  std::uint64_t group_blocks = 0;
  std::uint64_t groups = 0;
  std::uint64_t free_blocks = 0;
  std::string strangeness;  // what this reader does not understand; empty when it understands everything

  base::ByteCount size() const { return base::ByteCount(blocks * block_bytes); }
};

// Whether xfs_logprint calls the log clean; nullopt when it does not say.
std::optional<bool> xfs_log_clean(std::string_view text);

// What the headers of one allocation group record.
struct XfsGroup {
  std::uint64_t length = 0;
  std::uint64_t free_blocks = 0;         // in the free space trees
  std::uint64_t free_list_count = 0;     // kept aside for the trees themselves
  std::vector<std::uint64_t> free_list;  // blocks that may be kept aside
  bool unlinked = false;                 // has inodes that are open but have no name
};

// Of all groups in order, as `agf N`, `agi N` and `agfl N` print them.
std::vector<XfsGroup> parse_xfs_groups(std::string_view text, const XfsSuperblock& superblock);

// Reads `freesp -d` line by line.
class XfsFreeReader {
 public:
  XfsFreeReader(const XfsSuperblock& superblock, const std::vector<XfsGroup>& groups)
      : superblock_(superblock), groups_(groups), listed_(groups.size()) {}

  void line(std::string_view text);
  // Free space without what is kept aside; throws unless every group's list and headers agree.
  model::ExtentSet finish();

 private:
  const XfsSuperblock& superblock_;
  const std::vector<XfsGroup>& groups_;
  std::vector<std::uint64_t> listed_;  // blocks per group
  bool ended_ = false;
  model::ExtentSet free_;
};

}  // namespace jaunt::describe
