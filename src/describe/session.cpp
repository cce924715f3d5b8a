#include "describe/session.hpp"

#include <algorithm>
#include <array>
#include <cerrno>
#include <charconv>
#include <cstdlib>
#include <exception>
#include <optional>
#include <thread>

#include <fcntl.h>
#include <fmt/format.h>
#include <guestfs.h>
#include <unistd.h>

#include "base/text.hpp"
#include "describe/appliance_script.hpp"
#include "describe/confine.hpp"
#include "describe/layout.hpp"

namespace jaunt::describe {

namespace {

using namespace std::chrono_literals;
using base::ByteCount;
using base::Error;
using base::ErrorKind;

constexpr int kApplianceMiB = 1280;
constexpr auto kLaunchPatience = 300s;    // the first launch also builds the appliance
constexpr auto kKvmLaunchPatience = 90s;  // a KVM that hangs is given up sooner
constexpr auto kAnswerPatience = 300s;    // of any one call
constexpr ByteCount kComplaintBytesMax{4096};
constexpr std::size_t kTrailerBytes = 64;  // more than the script's last line ever has

const char* kLaunchRemedy =
    "see whether libguestfs-test-tool works on this host; the appliance needs a readable kernel in /boot (Debian: "
    "linux-image-cloud-amd64) and free space in its cache folder";

// Calls the consumer with what comes through a pipe, on its own thread, until the pipe's end. When the consumer
// throws or takes too much, the rest is drained, so that the writer never blocks.
class PipeConsumer {
 public:
  PipeConsumer(ByteCount bytes_max, std::function<void(std::string_view)> consumer, std::function<void()> on_trouble)
      : bytes_max_(bytes_max), consumer_(std::move(consumer)), on_trouble_(std::move(on_trouble)) {
    std::array<int, 2> ends{};
    if (::pipe2(ends.data(), O_CLOEXEC) != 0)
      base::throw_errno(errno, "make", "a pipe");
    read_ = base::Fd(ends[0]);
    write_ = base::Fd(ends[1]);
    thread_ = std::thread([this] { consume(); });
  }

  ~PipeConsumer() { join(); }

  std::string path() const { return fmt::format("/dev/fd/{}", write_.get()); }

  // Waits for the last byte; rethrows what the consumer threw.
  void finish() {
    join();
    if (trouble_)
      std::rethrow_exception(trouble_);
  }

 private:
  void join() {
    write_.reset();
    if (thread_.joinable())
      thread_.join();
  }

  void consume() {
    std::array<char, 64 * base::kKiB> buffer;
    std::uint64_t taken = 0;
    while (true) {
      const auto got = ::read(read_.get(), buffer.data(), buffer.size());
      if (got < 0 && errno == EINTR)
        continue;
      if (got <= 0)
        return;
      taken += static_cast<std::uint64_t>(got);
      if (trouble_)
        continue;
      try {
        if (taken > bytes_max_.value)
          throw Error(ErrorKind::limit, "read", "the guest",
                      fmt::format("one answer has more than {} bytes", bytes_max_.value));
        consumer_(std::string_view(buffer.data(), static_cast<std::size_t>(got)));
      } catch (...) {
        trouble_ = std::current_exception();
        on_trouble_();
      }
    }
  }

  const ByteCount bytes_max_;
  const std::function<void(std::string_view)> consumer_;
  const std::function<void()> on_trouble_;
  base::Fd read_;
  base::Fd write_;
  std::exception_ptr trouble_;
  std::thread thread_;
};

std::filesystem::path run_folder_parent() {
  return std::filesystem::is_directory("/var/tmp") ? "/var/tmp" : std::filesystem::temp_directory_path();
}

void must(guestfs_h* handle, int result, const char* operation, const std::string& subject) {
  if (result == -1)
    throw Error(ErrorKind::guest, operation, subject, guestfs_last_error(handle));
}

void add_drive(guestfs_h* handle, const Drive& drive, std::size_t index) {
  std::string server = "unix:" + drive.socket.string();
  const std::array<char*, 2> servers{server.data(), nullptr};
  const std::string label = "jaunt" + drive_letters(index);
  struct guestfs_add_drive_opts_argv options {};
  options.bitmask = GUESTFS_ADD_DRIVE_OPTS_READONLY_BITMASK | GUESTFS_ADD_DRIVE_OPTS_FORMAT_BITMASK |
                    GUESTFS_ADD_DRIVE_OPTS_PROTOCOL_BITMASK | GUESTFS_ADD_DRIVE_OPTS_SERVER_BITMASK |
                    GUESTFS_ADD_DRIVE_OPTS_LABEL_BITMASK;
  options.readonly = 1;
  options.format = "raw";
  options.protocol = "nbd";
  options.server = const_cast<char* const*>(servers.data());
  options.label = label.c_str();
  must(handle, guestfs_add_drive_opts_argv(handle, drive.export_name.c_str(), &options), "add",
       drive.socket.string());
}

}  // namespace

void GuestSession::Close::operator()(guestfs_h* handle) const {
  guestfs_close(handle);
}

GuestSession::GuestSession(const std::vector<Drive>& drives, const InspectOptions& options, base::Progress& progress,
                           const base::CancelToken& cancel)
    : cancel_(cancel),
      cache_folder_(options.cache_folder),
      folder_(run_folder_parent()),
      watchdog_(folder_.path() / "pid", cancel) {
  std::error_code failure;
  if (std::filesystem::create_directories(cache_folder_, failure); failure)
    base::throw_errno(failure.value(), "create the folder", cache_folder_.string());
  try {
    launch(drives, options, options.force_tcg);
  } catch (const Error& error) {
    if (options.force_tcg || ::access("/dev/kvm", F_OK) != 0)
      throw;
    progress.note("KVM does not work on this host, so guests are looked into by emulation, which is slower");
    launch(drives, options, true);
  }
}

GuestSession::~GuestSession() {
  // Closing waits for the appliance to end.
  watchdog_.arm(10s);
  handle_.reset();
}

void GuestSession::launch(const std::vector<Drive>& drives, const InspectOptions& options, bool force_tcg) {
  handle_.reset(guestfs_create_flags(GUESTFS_CREATE_NO_ENVIRONMENT));
  guestfs_h* const g = handle_.get();
  if (g == nullptr)
    throw Error(ErrorKind::guest, "start", "the appliance", "libguestfs gives no handle");
  guestfs_set_error_handler(g, nullptr, nullptr);
  const std::string start = "the appliance";
  must(g, guestfs_set_backend(g, "direct"), "start", start);
  if (force_tcg)
    must(g, guestfs_set_backend_setting(g, "force_tcg", "1"), "start", start);
  must(g, guestfs_set_autosync(g, 0), "start", start);
  must(g, guestfs_set_memsize(g, kApplianceMiB), "start", start);
  must(g, guestfs_set_cachedir(g, cache_folder_.c_str()), "start", start);
  must(g, guestfs_set_tmpdir(g, folder_.path().c_str()), "start", start);
  const auto hypervisor = write_hypervisor_script({.program = options.confine_program,
                                                   .hypervisor = taken(guestfs_get_hv(g)),
                                                   .folder = folder_.path(),
                                                   .cache_folder = cache_folder_,
                                                   .kvm = !force_tcg,
                                                   .memory_max = ByteCount((kApplianceMiB + 4096) * base::kMiB)});
  must(g, guestfs_set_hv(g, hypervisor.c_str()), "start", start);
  for (std::size_t i = 0; i < drives.size(); ++i)
    add_drive(g, drives[i], i);
  cancel_.check();
  watchdog_.arm(force_tcg ? kLaunchPatience : kKvmLaunchPatience);
  const int launched = guestfs_launch(g);
  end();
  cancel_.check();
  if (launched == -1)
    throw Error(ErrorKind::guest, "start", start,
                watchdog_.expired() ? "it did not come up in time" : guestfs_last_error(g), kLaunchRemedy);
  base::write_text_file(folder_.path() / "script", appliance_script());
  must(g, guestfs_debug_upload(g, (folder_.path() / "script").c_str(), std::string(kScriptPath).c_str(), 0755),
       "prepare", start);
}

void GuestSession::begin() {
  cancel_.check();
  if (lost_)
    throw Error(ErrorKind::guest, "ask", "the appliance", "it has ended");
  watchdog_.arm(kAnswerPatience);
}

void GuestSession::end() {
  watchdog_.disarm();
}

void GuestSession::fail(std::string operation, const std::string& subject) {
  const char* said = guestfs_last_error(handle_.get());
  std::string cause = said != nullptr ? said : "libguestfs does not say why";
  if (guestfs_is_ready(handle_.get()) != 1)
    lost_ = true;
  cancel_.check();
  if (lost_)
    cause =
        watchdog_.expired() ? "the appliance did not answer in time and was ended" : "the appliance died: " + cause;
  throw Error(ErrorKind::guest, std::move(operation), subject, cause);
}

void GuestSession::download(const std::string& path, ByteCount bytes_max, const Consumer& consumer) {
  PipeConsumer pipe(bytes_max, consumer, [g = handle_.get()] { guestfs_user_cancel(g); });
  begin();
  const int result = guestfs_download(handle_.get(), path.c_str(), pipe.path().c_str());
  end();
  pipe.finish();
  if (failed(result))
    fail("read", path);
}

ScriptResult GuestSession::stream(std::initializer_list<std::string_view> words, ByteCount bytes_max,
                                  const Consumer& consumer) {
  std::string command{kScriptPath};
  for (const auto word : words)
    command.append(" ").append(word);
  (*this)("run", "the appliance script", [&](guestfs_h* g) {
    std::array<char*, 2> arguments{command.data(), nullptr};
    std::unique_ptr<char, decltype(&std::free)> said(guestfs_debug(g, "sh", arguments.data()), &std::free);
    return said ? 0 : -1;
  });
  std::string tail;  // the script's last line is held back
  download(std::string(kStreamPath), bytes_max, [&](std::string_view piece) {
    tail.append(piece);
    if (tail.size() <= kTrailerBytes)
      return;
    const std::size_t ready = tail.size() - kTrailerBytes;
    consumer(std::string_view(tail).substr(0, ready));
    tail.erase(0, ready);
  });
  const auto trailer = tail.rfind("\njaunt-end ");
  int code = 0;
  int errors = 0;
  if (trailer == std::string::npos || std::sscanf(tail.c_str() + trailer, " jaunt-end %d %d", &code, &errors) != 2)
    throw Error(ErrorKind::guest, "run", "the appliance script", "its output breaks off");
  consumer(std::string_view(tail).substr(0, trailer));
  return {.code = code, .error_lines = errors};
}

std::string GuestSession::output(std::initializer_list<std::string_view> words, ByteCount bytes_max) {
  std::string text;
  stream(words, bytes_max, [&](std::string_view piece) { text.append(piece); });
  return text;
}

std::string GuestSession::complaint() {
  return base::printable(output({"errors"}, kComplaintBytesMax));
}

std::optional<std::string> GuestSession::file(const std::string& path, ByteCount bytes_max) {
  // Only regular files: opening a guest's named pipe would never return.
  struct guestfs_is_file_opts_argv follow {};
  follow.bitmask = GUESTFS_IS_FILE_OPTS_FOLLOWSYMLINKS_BITMASK;
  follow.followsymlinks = 1;
  if ((*this)("examine", path, [&](guestfs_h* g) { return guestfs_is_file_opts_argv(g, path.c_str(), &follow); }) ==
      0)
    return std::nullopt;
  std::string text;
  download(path, bytes_max, [&](std::string_view piece) { text.append(piece); });
  return text;
}

StringList::~StringList() {
  for (char** text = strings_; text != nullptr && *text != nullptr; ++text)
    std::free(*text);
  std::free(strings_);
}

std::vector<std::string> StringList::values() const {
  std::vector<std::string> result;
  for (char** text = strings_; text != nullptr && *text != nullptr; ++text)
    result.emplace_back(*text);
  return result;
}

std::string taken(char* text) {
  if (text == nullptr)
    return {};
  std::string result(text);
  std::free(text);
  return result;
}

}  // namespace jaunt::describe
