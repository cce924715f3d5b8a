#include "disk/direct_file.hpp"

#include <cerrno>
#include <cstdint>
#include <utility>

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <sys/uio.h>

#include "model/block.hpp"

namespace jaunt::disk {

std::optional<base::File> open_direct(const base::File& file, int flags) {
  struct statx status {};
  if (::statx(file.fd(), "", AT_EMPTY_PATH, STATX_DIOALIGN, &status) != 0 ||
      (status.stx_mask & STATX_DIOALIGN) == 0 || status.stx_dio_offset_align == 0 ||
      model::kBlockBytes % status.stx_dio_offset_align != 0 || model::kBlockBytes % status.stx_dio_mem_align != 0)
    return std::nullopt;
  base::Fd fd(::open(fmt::format("/proc/self/fd/{}", file.fd()).c_str(), flags | O_DIRECT | O_CLOEXEC));
  if (!fd)
    return std::nullopt;
  return base::File(std::move(fd), file.path());
}

bool goes_direct(base::ByteOffset at, base::ByteView bytes) {
  return bytes.size() >= kDirectBytesMin && bytes.size() % model::kBlockBytes == 0 &&
         at.value % model::kBlockBytes == 0 &&
         reinterpret_cast<std::uintptr_t>(bytes.data()) % model::kBlockBytes == 0;
}

void read_around_cache(const base::File& file, const base::File& direct, base::ByteOffset at,
                       std::span<std::byte> into) {
  const iovec whole{into.data(), into.size()};
  const ssize_t got = ::preadv2(file.fd(), &whole, 1, static_cast<off_t>(at.value), RWF_NOWAIT);
  if (got < 0 && errno != EAGAIN)
    return file.read_exact(at, into);  // it cannot tell what is cached, or says what is wrong
  const std::size_t cached = got < 0 ? 0 : static_cast<std::size_t>(got) / model::kBlockBytes * model::kBlockBytes;
  if (cached < into.size())
    direct.read_exact(at + base::ByteCount(cached), into.subspan(cached));
}

}  // namespace jaunt::disk
