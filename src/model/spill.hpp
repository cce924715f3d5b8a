// Bytes that are appended, then read once from the start: in memory while they are few, in an unnamed file beyond.
#pragma once

#include <filesystem>
#include <functional>
#include <optional>

#include "base/bytes.hpp"
#include "base/file.hpp"
#include "base/units.hpp"

namespace jaunt::model {

class Spill {
 public:
  explicit Spill(std::filesystem::path folder) : folder_(std::move(folder)) {}

  void append(base::ByteView bytes);
  std::uint64_t size() const { return in_file_ + buffer_.size(); }
  void read(const std::function<void(base::ByteView)>& sink) const;

 private:
  std::filesystem::path folder_;
  base::Bytes buffer_;
  std::optional<base::File> file_;
  std::uint64_t in_file_ = 0;
};

}  // namespace jaunt::model
