// What a guest's files tell of a transfer: where they lie, so that blocks are sent in a good order, and which of them
// are archives that may be taken apart. Hints, kept beside the description.
#pragma once

#include <cstddef>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "describe/guest.hpp"
#include "model/extent.hpp"
#include "sync/file_order.hpp"

namespace jaunt::engine {

// A file in compressed form, of whole blocks on one disk.
struct GuestArchive {
  std::string path;  // for people
  std::size_t disk = 0;
  base::ByteCount size;
  std::vector<model::Extent> extents;  // in the order of the file; the last one may be longer than the file

  bool operator==(const GuestArchive&) const = default;
};

struct GuestFiles {
  std::map<std::size_t, std::vector<sync::FileStretch>> stretches;  // by disk
  std::vector<GuestArchive> archives;                               // largest first

  bool operator==(const GuestFiles&) const = default;
};

// Takes files in any order; of too many, only the first ones. Disks are numbered as in describe::FilePiece.
class GuestFilesCollector {
 public:
  void add(const describe::FileExtents& file);
  GuestFiles finish();

 private:
  struct File {
    std::pair<std::string, std::string> name;  // filesystem and path
    std::size_t first_piece = 0;
    std::size_t pieces = 0;
  };

  void add_archive(const describe::FileExtents& file);

  std::vector<File> files_;
  std::vector<describe::FilePiece> pieces_;
  std::vector<GuestArchive> archives_;
};

// As a note of the catalog, of at most `bytes_max`, and back. nullopt where it is longer, or no such note.
std::optional<std::string> to_note(const GuestFiles& files, std::size_t bytes_max);
std::optional<GuestFiles> guest_files_from_note(std::string_view note);

}  // namespace jaunt::engine
