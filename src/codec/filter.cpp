#include "codec/filter.hpp"

#include <array>
#include <cerrno>

#include <fcntl.h>
#include <poll.h>
#include <unistd.h>

#include "base/process.hpp"

namespace jaunt::codec {

using base::Error;
using base::ErrorKind;
using Clock = std::chrono::steady_clock;
using namespace std::chrono_literals;

namespace {

constexpr auto kLookUp = 100ms;  // at cancel and clock
constexpr std::size_t kPieceBytes = 256 * base::kKiB;

bool readable(int fd) {
  pollfd waiting{.fd = fd, .events = POLLIN, .revents = 0};
  return ::poll(&waiting, 1, static_cast<int>(kLookUp.count())) > 0;
}

}  // namespace

bool run_filter(const std::vector<std::string>& argv, const base::File& in, base::ByteOffset at,
                const std::function<bool(base::ByteView)>& consumer, const FilterBounds& bounds,
                const base::CancelToken& cancel) {
  if (::lseek(in.fd(), static_cast<off_t>(at.value), SEEK_SET) < 0)
    base::throw_errno(errno, "read", in.path().string());
  std::array<int, 2> ends{};
  if (::pipe2(ends.data(), O_CLOEXEC) != 0)
    base::throw_errno(errno, "make", "a pipe");
  const base::Fd reading(ends[0]);
  base::Fd writing(ends[1]);
  base::Child child = base::Child::start(
      {.argv = argv,
       .environment = {"LC_ALL=C", "GZIP=", "ZSTD_CLEVEL=", "ZSTD_NBTHREADS=", "XZ_OPT=", "XZ_DEFAULTS="},
       .confinement =
           base::Confinement{.read_paths = {}, .write_paths = {}, .devices = {}, .memory_max = bounds.memory_max}},
      {.in = in.fd(), .out = writing.get(), .err = -1});
  writing.reset();
  const auto deadline = Clock::now() + bounds.patience;
  base::Bytes piece(kPieceBytes);
  while (true) {
    cancel.check();
    if (Clock::now() > deadline)
      throw Error(ErrorKind::limit, "run", argv.front(), "it does not end");
    if (!readable(reading.get()))
      continue;
    const auto got = ::read(reading.get(), piece.data(), piece.size());
    if (got < 0 && errno == EINTR)
      continue;
    if (got < 0)
      base::throw_errno(errno, "read from", argv.front());
    if (got == 0)
      break;
    if (!consumer(base::ByteView(piece).first(static_cast<std::size_t>(got))))
      return false;
  }
  const auto status = child.wait_for(10s);
  return status && status->success();
}

}  // namespace jaunt::codec
