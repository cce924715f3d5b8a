#include "disk/qemu_nbd.hpp"

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <thread>

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/error.hpp"
#include "base/text.hpp"
#include "disk/nbd_connection.hpp"

namespace jaunt::disk {

namespace {

namespace fs = std::filesystem;
using namespace std::chrono_literals;
using base::ByteCount;
using base::Error;
using base::ErrorKind;

constexpr std::size_t kWordsMax = 4096;
constexpr auto kLastBreath = 1s;  // between closing its connections and ending
// The program itself maps some 300 MiB and 8 MiB of stack for each of its up to 64 threads; each layer caches tables.
constexpr ByteCount kMemoryBase{2 * base::kGiB};
constexpr ByteCount kMemoryPerFile{64 * base::kMiB};

base::Confinement fence_for(const QemuNbd::Setup& setup, const fs::path& socket_folder) {
  base::Confinement fence;
  fence.memory_max = kMemoryBase;
  for (const VettedFile& file : setup.readable) {
    fence.read_paths.push_back(file.path);
    *fence.memory_max += kMemoryPerFile;
  }
  fence.write_paths.push_back(socket_folder);
  for (const VettedFile& file : setup.writable)
    fence.write_paths.push_back(file.path);
  return fence;
}

// Its standard error never blocks it: what nobody reads in time is lost.
base::Child start(const QemuNbd::Setup& setup, const NbdAddress& address, base::Fd& words) {
  std::array<int, 2> ends{};
  if (::pipe2(ends.data(), O_CLOEXEC | O_NONBLOCK) != 0)
    base::throw_errno(errno, "make", "a pipe");
  words = base::Fd(ends[0]);
  const base::Fd out(ends[1]);
  base::Command command{.argv = {"qemu-nbd", "--persistent", "--shared=0", "--socket=" + address.socket.string()},
                        // One arena, since each thread's own would take 128 MiB of the address space.
                        .environment = {"LC_ALL=C", "MALLOC_ARENA_MAX=1"},
                        .confinement = fence_for(setup, address.socket.parent_path())};
  command.argv.insert(command.argv.end(), setup.arguments.begin(), setup.arguments.end());
  command.argv.push_back(setup.graph);
  return base::Child::start(command, {.in = -1, .out = -1, .err = out.get()});
}

fs::path socket_in(const fs::path& folder) {
  fs::path socket = folder / "nbd";
  if (socket.native().size() >= sizeof sockaddr_un::sun_path)
    throw Error(ErrorKind::limit, "make a socket in", base::printable(folder.string()), "the path is too long",
                "point TMPDIR to a shorter path");
  return socket;
}

bool listens(const fs::path& socket) {
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  std::memcpy(address.sun_path, socket.c_str(), socket.native().size() + 1);
  const base::Fd probe(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
  return probe && ::connect(probe.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0;
}

}  // namespace

QemuNbd::QemuNbd(const Setup& setup)
    : name_(setup.name),
      patience_(setup.patience),
      folder_(setup.folder.empty() ? fs::temp_directory_path() : setup.folder),
      address_{.socket = socket_in(folder_.path()), .export_name = ""},
      child_(start(setup, address_, words_)) {
  await_ready(setup);
  check_opened(setup);
}

void QemuNbd::await_ready(const Setup& setup) {
  const auto deadline = std::chrono::steady_clock::now() + setup.patience;
  for (auto pause = 2ms; !listens(address_.socket); pause = std::min(pause * 2, 50ms)) {
    if (const auto ended = obituary())
      throw Error(ErrorKind::corrupt, "open", name_, *ended);
    if (std::chrono::steady_clock::now() >= deadline)
      throw Error(ErrorKind::io, "open", name_,
                  fmt::format("qemu-nbd was not ready after {} ms", setup.patience.count()));
    std::this_thread::sleep_for(pause);
  }
  // It listens before it opens its files, and answers after that.
  try {
    NbdConnection(address_, {.name = name_, .contexts = {}, .patience = setup.patience});
  } catch (const Error&) {
    if (const auto ended = obituary(kLastBreath))
      throw Error(ErrorKind::corrupt, "open", name_, *ended);
    throw;
  }
}

// Names may have been given to other files between the look at them and the opening; descriptors cannot lie.
void QemuNbd::check_opened(const Setup& setup) const {
  std::vector<struct stat> opened;
  for (const auto& entry : fs::directory_iterator(fmt::format("/proc/{}/fd", child_.pid()))) {
    struct stat status {};
    if (::stat(entry.path().c_str(), &status) == 0)
      opened.push_back(status);
  }
  const auto is_open = [&](const VettedFile& file) {
    return std::any_of(opened.begin(), opened.end(), [&](const struct stat& status) {
      return file.identity.device == status.st_dev && file.identity.inode == status.st_ino;
    });
  };
  if (!std::all_of(setup.readable.begin(), setup.readable.end(), is_open) ||
      !std::all_of(setup.writable.begin(), setup.writable.end(), is_open))
    throw Error(ErrorKind::auth, "open", name_, "one of its files was replaced while it was opened", "try again");
}

void QemuNbd::admit(uid_t client) const {
  for (const fs::path& path : {address_.socket, folder_.path()})
    if (::chown(path.c_str(), client, static_cast<gid_t>(-1)) != 0)
      base::throw_errno(errno, "give to another user", path.string());
}

std::string QemuNbd::last_words() {
  std::array<char, kWordsMax> buffer;
  ssize_t got = 0;
  while ((got = ::read(words_.get(), buffer.data(), buffer.size())) > 0) {
    spoken_.append(buffer.data(), static_cast<std::size_t>(got));
    spoken_.erase(0, spoken_.size() - std::min(spoken_.size(), kWordsMax));
  }
  return base::last_line(spoken_);
}

std::optional<std::string> QemuNbd::obituary(std::chrono::milliseconds patience) {
  const std::lock_guard lock(mutex_);
  const auto ended = child_.wait_for(patience);
  if (!ended)
    return std::nullopt;
  const std::string words = last_words();
  return fmt::format("qemu-nbd ended with {}{}{}", ended->describe(), words.empty() ? "" : ": ", words);
}

void QemuNbd::finish() {
  const std::lock_guard lock(mutex_);
  child_.terminate();
  const auto ended = child_.wait_for(patience_);
  if (!ended)
    throw Error(ErrorKind::io, "close", name_, fmt::format("qemu-nbd did not end within {} ms", patience_.count()));
  if (!ended->success())
    throw Error(ErrorKind::io, "close", name_,
                fmt::format("qemu-nbd ended with {}: {}", ended->describe(), last_words()));
}

}  // namespace jaunt::disk
