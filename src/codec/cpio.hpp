// Where the files within a cpio archive (newc, as initial ramdisks are) lie.
#pragma once

#include <vector>

#include "base/file.hpp"

namespace jaunt::codec {

struct CpioMember {
  base::ByteOffset content;
  base::ByteCount size;
};

struct CpioParts {
  std::vector<CpioMember> members;  // ascending, those with content
  base::ByteOffset end;             // behind the trailer and the zeros that follow it
};

inline constexpr std::size_t kCpioMembersMax = 1 << 18;

// Of what begins at `at` and ends at `end`, which is foreign. Where something makes no sense, or there are too many
// members, the archive ends there. No members, and `end` = `at`: it is no such archive.
CpioParts cpio_parts(const base::File& file, base::ByteOffset at, base::ByteOffset end);

}  // namespace jaunt::codec
