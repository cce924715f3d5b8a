#include "engine/catalog_watch.hpp"

#include <array>
#include <cerrno>
#include <chrono>

#include <poll.h>
#include <sys/eventfd.h>
#include <sys/inotify.h>
#include <unistd.h>

#include "hypervisor/connection.hpp"

namespace jaunt::engine {

namespace fs = std::filesystem;
using namespace std::chrono_literals;
using chunkstore::EntryKind;
using Clock = std::chrono::steady_clock;

namespace {

constexpr auto kQuiet = 2s;
constexpr auto kPatience = 30s;
constexpr auto kAtTheLatest = 10min;
constexpr auto kPollStep = 200ms;  // how soon a cancellation is noticed
constexpr std::uint32_t kChanges =
    IN_CLOSE_WRITE | IN_MOVED_FROM | IN_MOVED_TO | IN_CREATE | IN_DELETE | IN_DELETE_SELF | IN_MOVE_SELF | IN_ONLYDIR;

}  // namespace

struct CatalogWatch::Watched {
  hypervisor::Connection connection;
  hypervisor::ConnectionWatch watch;

  Watched(const std::string& uri, const std::function<void()>& on_change)
      : connection(hypervisor::Connection::open(uri)), watch(connection, on_change) {}
};

CatalogWatch::CatalogWatch(const std::vector<chunkstore::EntryRecord>& entries)
    : files_(::inotify_init1(IN_NONBLOCK | IN_CLOEXEC)),
      raised_(std::make_shared<base::Fd>(::eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC))) {
  if (!files_ || !*raised_)
    base::throw_errno(errno, "watch", "the catalog's images");
  for (const chunkstore::EntryRecord& entry : entries) {
    if (entry.kind == EntryKind::folder) {
      watch_folder(entry.location);
    } else if (entry.kind == EntryKind::image) {
      ::inotify_add_watch(files_.get(), fs::path(entry.location).parent_path().c_str(), kChanges);
    } else if (entry.kind == EntryKind::libvirt) {
      try {
        connections_.push_back(
            std::make_unique<Watched>(entry.location, [raised = raised_] { ::eventfd_write(raised->get(), 1); }));
      } catch (const base::Error&) {  // tried again with the next watch; the rescan tells
      }
    }
  }
}

CatalogWatch::~CatalogWatch() = default;

void CatalogWatch::wait(const base::CancelToken& cancel) {
  const auto begun = Clock::now();
  std::optional<Clock::time_point> first;
  Clock::time_point last;
  while (true) {
    cancel.check();
    const auto now = Clock::now();
    if (now - begun >= kAtTheLatest || (first && (now - last >= kQuiet || now - *first >= kPatience)))
      return;
    std::array<pollfd, 2> waiting{pollfd{files_.get(), POLLIN, 0}, pollfd{raised_->get(), POLLIN, 0}};
    if (::poll(waiting.data(), waiting.size(), static_cast<int>(std::chrono::milliseconds(kPollStep).count())) <= 0)
      continue;
    if (drain()) {
      last = Clock::now();
      first = first.value_or(last);
    }
  }
}

// The folders below it, too, but no hidden ones.
void CatalogWatch::watch_folder(const fs::path& folder) {
  ::inotify_add_watch(files_.get(), folder.c_str(), kChanges);
  std::error_code failed;
  fs::recursive_directory_iterator at(folder, fs::directory_options::skip_permission_denied, failed);
  for (; !failed && at != fs::recursive_directory_iterator(); at.increment(failed)) {
    std::error_code unknown;
    if (!at->is_directory(unknown) || at->is_symlink(unknown))
      continue;
    if (at->path().filename().string().starts_with("."))
      at.disable_recursion_pending();
    else
      ::inotify_add_watch(files_.get(), at->path().c_str(), kChanges);
  }
}

// Takes what has been told; false where there was nothing.
bool CatalogWatch::drain() {
  bool any = false;
  alignas(inotify_event) std::array<char, 16384> buffer;
  while (::read(files_.get(), buffer.data(), buffer.size()) > 0)
    any = true;
  eventfd_t count = 0;
  return ::eventfd_read(raised_->get(), &count) == 0 || any;
}

}  // namespace jaunt::engine
