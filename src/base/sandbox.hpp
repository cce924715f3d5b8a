// Fences around programs that eat hostile bytes: what they may touch and how much they may use.
#pragma once

#include <filesystem>
#include <optional>
#include <vector>

#include "base/file.hpp"
#include "base/units.hpp"

namespace jaunt::base {

// What a confined program may do. System libraries and programs are always readable; everything else is listed here.
// There is no network but unix sockets. Files are enforced by Landlock, which needs no privileges; identity by
// dropping from root to `nobody`, keeping only the right to read (and, with write_paths or devices, write) the listed
// files whoever owns them.
struct Confinement {
  std::vector<std::filesystem::path> read_paths;   // files or folders, to read
  std::vector<std::filesystem::path> write_paths;  // files or folders, to read, write, create, remove and bind in
  std::vector<std::filesystem::path> devices;      // device nodes such as /dev/kvm, to read, write and control
  std::optional<ByteCount> memory_max;             // of address space
};

// A confinement made ready before fork, so that the child only makes async-signal-safe calls. Throws when a listed
// path cannot be opened, and `unsupported` when this kernel has no Landlock.
class PreparedConfinement {
 public:
  explicit PreparedConfinement(const Confinement& rules);

  // Applies it to the calling process, for good. Returns 0, or the errno of what failed; async-signal-safe.
  int apply() const;

 private:
  Fd ruleset_;
  std::optional<ByteCount> memory_max_;
  bool writes_ = false;
};

// Whether this kernel can fence at all.
bool confinement_available();

}  // namespace jaunt::base
