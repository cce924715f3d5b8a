// A private qemu-nbd child that serves a vetted chain read-only, fenced to the chain's files.
#pragma once

#include <chrono>
#include <cstddef>
#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include <sys/types.h>

#include "disk/chain.hpp"
#include "disk/nbd_image.hpp"

namespace jaunt::disk {

class QemuNbd;

struct NbdServerOptions {
  std::optional<std::size_t> only_layer;  // this layer alone, its backing cut off; otherwise the whole chain
  std::vector<std::string> bitmaps;       // of the served top layer, offered as "qemu:dirty-bitmap:NAME"
  std::optional<uid_t> client;            // another user who may connect too; only root can grant it
  std::filesystem::path folder;           // where the private socket folder is made; default: the temporary folder
  std::chrono::milliseconds patience{20000};  // for the server to answer
};

// Owns the child and its socket. Takes no image lock. Offers base:allocation and qemu:allocation-depth, to any number
// of connections. The child ends with this object, and with the thread that started it.
class NbdServer {
 public:
  // Throws when the chain's files are no longer the vetted ones, or the server does not come up in time.
  static std::unique_ptr<NbdServer> start(const Chain& chain, const NbdServerOptions& options = {});

  ~NbdServer();
  NbdServer(const NbdServer&) = delete;
  NbdServer& operator=(const NbdServer&) = delete;

  const NbdAddress& address() const;
  pid_t pid() const;

  // How the server ended and its last words; nullopt when it still runs after this patience. Any thread.
  std::optional<std::string> obituary(std::chrono::milliseconds patience) const;

 private:
  explicit NbdServer(std::unique_ptr<QemuNbd> process);

  std::unique_ptr<QemuNbd> process_;
};

}  // namespace jaunt::disk
