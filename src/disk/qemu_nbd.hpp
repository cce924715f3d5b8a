// The qemu-nbd process: started fenced on a private socket, watched, ended.
#pragma once

#include <chrono>
#include <filesystem>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "base/file.hpp"
#include "base/process.hpp"
#include "disk/chain.hpp"
#include "disk/nbd_image.hpp"

namespace jaunt::disk {

class QemuNbd {
 public:
  struct Setup {
    std::string name;                  // of the image, for messages
    std::string graph;                 // what to serve
    std::vector<VettedFile> readable;  // every file of it
    std::vector<VettedFile> writable;
    std::vector<std::string> arguments;  // added
    std::filesystem::path folder;        // for the socket folder; empty is the temporary folder
    std::chrono::milliseconds patience{20000};
  };

  // Returns once it answers and is known to have opened the given files, and none in their place.
  explicit QemuNbd(const Setup& setup);

  const NbdAddress& address() const { return address_; }
  pid_t pid() const { return child_.pid(); }

  // Makes the socket another user's, too.
  void admit(uid_t client) const;

  // How it ended and its last words; nullopt when it still runs after this patience. Any thread.
  std::optional<std::string> obituary(std::chrono::milliseconds patience = {});

  // Asks it to close its files and waits; anything but a clean end is an Error.
  void finish();

 private:
  void await_ready(const Setup& setup);
  void check_opened(const Setup& setup) const;
  std::string last_words();

  std::string name_;
  std::chrono::milliseconds patience_;
  base::TemporaryDirectory folder_;
  NbdAddress address_;
  base::Fd words_;  // the reading end of its standard error
  std::mutex mutex_;
  std::string spoken_;  // the end of what it said
  base::Child child_;
};

}  // namespace jaunt::disk
