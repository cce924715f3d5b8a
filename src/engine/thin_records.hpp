// What thin targets stand on, in HOME/thin: files that jaunt owns for that purpose, and which target relies on which
// file.
#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "engine/home.hpp"
#include "model/description.hpp"

namespace jaunt::engine {

// A file that must stay as it was. Its ctime does not count: libvirt gives files to QEMU's account and back.
struct StoodOnFile {
  std::filesystem::path path;
  model::FileIdentity identity;

  bool operator==(const StoodOnFile&) const = default;
};

enum class StoodOnState { same, writable, written, gone };  // writable: by its mode
StoodOnState state_of(const StoodOnFile& file);

struct ThinTarget {
  std::filesystem::path path;
  std::vector<StoodOnFile> files;  // top first
};

// Any process; what two of them write at once about the same file is the same.
class ThinRecords {
 public:
  explicit ThinRecords(const std::filesystem::path& home) : folder_(home / "thin") {}

  void own(const StoodOnFile& file) const;
  void disown(const std::filesystem::path& path) const;
  std::vector<StoodOnFile> owned() const;
  // One that was owned, and is what it was then.
  bool owns(const std::filesystem::path& path) const;

  void keep(const ThinTarget& target) const;
  std::vector<ThinTarget> targets() const;                                    // those that exist
  std::optional<ThinTarget> target(const std::filesystem::path& path) const;  // whether it exists or not

 private:
  std::filesystem::path folder_;
};

// Nobody but root can write to it any more. False where this process may not do that.
bool make_read_only(const std::filesystem::path& path);

}  // namespace jaunt::engine
