// Several things in one command, of which one that fails does not keep the others from being done.
#pragma once

#include <cstddef>

#include "report.hpp"

namespace jaunt::cli {

class Attempts {
 public:
  Attempts(std::size_t things, bool json) : things_(things), json_(json) {}

  // A step of one of them, at most one of which fails: returns an exit code, or throws an Error, which is reported.
  template <typename Work>
  void attempt(const Work& work) {
    int code = 0;
    try {
      code = work();
    } catch (const base::Error& error) {
      code = report(error, json_);
    }
    if (code == 0)
      return;
    ++failed_;
    code_ = code;
  }

  // 0 where none failed, that of the last one where all did, else kPartly.
  int exit_code() const { return failed_ == things_ ? code_ : failed_ > 0 ? kPartly : 0; }

 private:
  static constexpr int kPartly = 3;

  const std::size_t things_;
  const bool json_;
  std::size_t failed_ = 0;
  int code_ = 0;
};

}  // namespace jaunt::cli
