#include "disk/image_content.hpp"

#include <cerrno>

#include <fcntl.h>

#include "base/error.hpp"

namespace jaunt::disk {

using base::ByteCount;
using base::ByteView;

void put_raw_zeros(const base::File& file, base::ByteOffset at, ByteCount length) {
  if (::fallocate(file.fd(), FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, static_cast<off_t>(at.value),
                  static_cast<off_t>(length.value)) == 0)
    return;
  if (errno != EOPNOTSUPP)
    base::throw_errno(errno, "write", file.path().string());
  const base::Bytes zeros(std::min<std::uint64_t>(length.value, base::kMiB));
  for (std::uint64_t done = 0; done < length.value; done += zeros.size())
    file.write_all(at + ByteCount(done),
                   ByteView(zeros).first(std::min<std::uint64_t>(zeros.size(), length.value - done)));
}

}  // namespace jaunt::disk
