// Which sources could bring an image's blocks, and in what runs: all that the cost model needs to know of an image.
#pragma once

#include <compare>
#include <cstdint>
#include <map>

#include "base/units.hpp"
#include "model/source_kind.hpp"

namespace jaunt::match {

// Blocks that the same sources could bring, in runs of about the same length.
struct Portion {
  std::uint64_t blocks = 0;
  std::uint64_t new_ids = 0;  // of these, blocks whose id did not come up before: only they cross a wire
  std::uint64_t runs = 0;

  Portion& operator+=(const Portion& other) {
    blocks += other.blocks;
    new_ids += other.new_ids;
    runs += other.runs;
    return *this;
  }
};

// Runs from 2^n to 2^(n+1) - 1 blocks long are of class n, longer ones of the last.
inline constexpr unsigned kRunClasses = 12;
unsigned run_class(std::uint64_t run_blocks);

// Collects the needed blocks of one or several disks in constant memory.
class Survey {
 public:
  struct Key {
    model::SourceSet holders;
    unsigned run_class = 0;
    auto operator<=>(const Key&) const = default;
  };

  // A run of needed blocks: consecutive in the target, and lying behind one another wherever they are held. That the
  // other node could send them goes without saying.
  void add_run(std::uint64_t blocks, std::uint64_t new_ids, model::SourceSet holders);
  void add_zero(base::ByteCount bytes) { zero_ += bytes; }  // zero or elided: nobody brings it
  Survey& operator+=(const Survey& other);
  // The same when this share of what nobody here holds is to be had in packages.
  Survey with_packages(double share) const;

  const std::map<Key, Portion>& portions() const { return portions_; }
  base::ByteCount zero() const { return zero_; }
  std::uint64_t needed_blocks() const;

 private:
  std::map<Key, Portion> portions_;
  base::ByteCount zero_;
};

}  // namespace jaunt::match
