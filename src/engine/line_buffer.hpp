// Lines out of a stream of bytes, each bounded.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

namespace jaunt::engine {

class LineBuffer {
 public:
  explicit LineBuffer(std::size_t line_bytes_max) : line_bytes_max_(line_bytes_max) {}

  // false: a line is too long; nothing comes any more.
  bool add(std::string_view bytes) {
    if (broken_)
      return false;
    text_ += bytes;
    broken_ = text_.size() - start_ > line_bytes_max_ && text_.find('\n', start_) == text_.npos;
    return !broken_;
  }

  // The next whole one, without its end.
  std::optional<std::string> next() {
    const auto end = broken_ ? text_.npos : text_.find('\n', start_);
    if (end == text_.npos) {
      text_.erase(0, start_);
      start_ = 0;
      return std::nullopt;
    }
    std::string line = text_.substr(start_, end - start_);
    start_ = end + 1;
    return line;
  }

 private:
  const std::size_t line_bytes_max_;
  std::string text_;
  std::size_t start_ = 0;
  bool broken_ = false;
};

}  // namespace jaunt::engine
