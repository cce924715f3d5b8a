// Ways to the bytes of several sources, opened when they are needed.
#pragma once

#include <cstdint>
#include <memory>
#include <vector>

#include "chunkstore/source.hpp"

namespace jaunt::sync {

// One thread; the sources outlive it.
class SourceReaders {
 public:
  explicit SourceReaders(const std::vector<const chunkstore::Source*>& sources)
      : sources_(sources), readers_(sources.size()) {}

  chunkstore::SourceReader& of(std::uint32_t source) {
    auto& reader = readers_[source];
    if (!reader)
      reader = sources_[source]->reader();
    return *reader;
  }

 private:
  const std::vector<const chunkstore::Source*>& sources_;
  std::vector<std::unique_ptr<chunkstore::SourceReader>> readers_;
};

}  // namespace jaunt::sync
