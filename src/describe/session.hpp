// One libguestfs appliance from launch to end.
#pragma once

#include <chrono>
#include <filesystem>
#include <functional>
#include <initializer_list>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.hpp"
#include "base/file.hpp"
#include "base/progress.hpp"
#include "base/units.hpp"
#include "describe/guest.hpp"
#include "describe/watchdog.hpp"

struct guestfs_h;

namespace jaunt::describe {

// How a command of the appliance script ended.
struct ScriptResult {
  int code = 0;
  int error_lines = 0;  // on its standard error

  bool silent_success() const { return code == 0 && error_lines == 0; }
};

// Owns a launched appliance, its confinement, and the watchdog over it. All calls come from the thread that made it.
class GuestSession {
 public:
  // Takes pieces of a stream in order, from another thread than the session's.
  using Consumer = std::function<void(std::string_view)>;

  // Launches with KVM unless `force_tcg`, and again without where that fails, which is noted once.
  GuestSession(const std::vector<Drive>& drives, const InspectOptions& options, base::Progress& progress,
               const base::CancelToken& cancel);
  ~GuestSession();
  GuestSession(const GuestSession&) = delete;
  GuestSession& operator=(const GuestSession&) = delete;

  // Runs `call`, which uses the handle, with the watchdog armed. A result of -1 or nullptr is thrown as an Error of
  // kind guest, "cannot OPERATION SUBJECT: ..."; where the appliance was killed or died, lost() holds afterwards.
  template <typename Call>
  auto operator()(std::string operation, const std::string& subject, Call call) {
    begin();
    auto result = call(handle_.get());
    end();
    if (failed(result))
      fail(std::move(operation), subject);
    return result;
  }

  // Runs one command of the appliance script (appliance_script.hpp) and hands its output on as it comes, at most
  // `bytes_max`. Words are our own or vetted device names: the appliance's shell sees them.
  ScriptResult stream(std::initializer_list<std::string_view> words, base::ByteCount bytes_max,
                      const Consumer& consumer);
  // The same, for short output.
  std::string output(std::initializer_list<std::string_view> words, base::ByteCount bytes_max);
  // What the last script command wrote to its standard error, shortened and printable.
  std::string complaint();
  // A regular file of the guest, by its path in what is mounted; nullopt when there is none.
  std::optional<std::string> file(const std::string& path, base::ByteCount bytes_max);

  // The appliance is gone; nothing more can be asked.
  bool lost() const { return lost_; }

 private:
  struct Close {
    void operator()(guestfs_h* handle) const;
  };

  static bool failed(int result) { return result == -1; }
  static bool failed(std::int64_t result) { return result == -1; }
  template <typename Pointer>
  static bool failed(Pointer* result) {
    return result == nullptr;
  }

  void launch(const std::vector<Drive>& drives, const InspectOptions& options, bool force_tcg);
  void begin();
  void end();
  [[noreturn]] void fail(std::string operation, const std::string& subject);
  void download(const std::string& path, base::ByteCount bytes_max, const Consumer& consumer);

  base::CancelToken cancel_;
  std::filesystem::path cache_folder_;
  base::TemporaryDirectory folder_;
  Watchdog watchdog_;
  std::unique_ptr<guestfs_h, Close> handle_;
  bool lost_ = false;
};

// A list of strings as libguestfs returns it, freed with it.
struct StringList {
  explicit StringList(char** strings) : strings_(strings) {}
  ~StringList();
  StringList(const StringList&) = delete;
  StringList& operator=(const StringList&) = delete;

  std::vector<std::string> values() const;

 private:
  char** strings_;
};

// A string as libguestfs returns it, copied and freed.
std::string taken(char* text);

}  // namespace jaunt::describe
