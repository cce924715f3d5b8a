#include "model/spill.hpp"

#include <algorithm>

namespace jaunt::model {

namespace {

constexpr std::size_t kBufferBytes = base::kMiB;

}  // namespace

void Spill::append(base::ByteView bytes) {
  if (buffer_.size() + bytes.size() > kBufferBytes && !buffer_.empty()) {
    if (!file_)
      file_ = base::unnamed_file(folder_);
    file_->write_all(base::ByteOffset(in_file_), buffer_);
    in_file_ += buffer_.size();
    buffer_.clear();
  }
  buffer_.insert(buffer_.end(), bytes.begin(), bytes.end());
}

void Spill::read(const std::function<void(base::ByteView)>& sink) const {
  base::Bytes piece(std::min<std::uint64_t>(in_file_, kBufferBytes));
  for (std::uint64_t at = 0; at < in_file_; at += piece.size()) {
    piece.resize(std::min<std::uint64_t>(in_file_ - at, kBufferBytes));
    file_->read_exact(base::ByteOffset(at), piece);
    sink(piece);
  }
  sink(buffer_);
}

}  // namespace jaunt::model
