// What filefrag says of files.
#pragma once

#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "base/units.hpp"

namespace jaunt::describe {

// A run of a file's bytes that lies in one piece on its filesystem's device.
struct FileRun {
  base::ByteOffset in_file;
  base::ByteOffset on_device;
  base::ByteCount length;
  bool operator==(const FileRun&) const = default;
};

struct FileRuns {
  std::string path;  // as it was asked for
  base::ByteCount size;
  std::vector<FileRun> runs;
};

// Reads the appliance script's `files`: batches of names, each followed by `filefrag -v -e -b1` of them. A name is
// believed only where it is the next one asked for, so that names with line ends cannot pass for other files. Throws
// only limit and corrupt.
class FilefragReader {
 public:
  explicit FilefragReader(std::function<void(const FileRuns&)> consumer) : consumer_(std::move(consumer)) {}

  void add(std::string_view piece);

 private:
  void unit(std::string text);

  const std::function<void(const FileRuns&)> consumer_;
  std::string rest_;
  std::vector<std::string> names_;
  bool in_report_ = false;
};

}  // namespace jaunt::describe
