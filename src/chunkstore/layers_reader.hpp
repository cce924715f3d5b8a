// Reading blocks of catalogued layers where they lie.
#pragma once

#include <cstdint>
#include <list>
#include <memory>
#include <set>

#include "chunkstore/layers_source.hpp"

namespace jaunt::chunkstore {

// Keeps the layers that were read last open: a descriptor each, and a qemu-nbd for those that are not raw. A layer
// whose file was changed, truncated, replaced or removed since answers nothing any more. One thread, that on which
// it is used first.
class LayersReader final : public SourceReader {
 public:
  static constexpr std::size_t kOpenMax = 16;

  explicit LayersReader(const LayersSource& source);
  ~LayersReader() override;

  bool read(const Place& place, std::span<std::byte, model::kBlockBytes> into) override;
  bool read_run(const Place& first, std::span<std::byte> into) override;

 private:
  class OpenLayer;

  OpenLayer* layer(std::uint32_t part);
  template <typename Work>
  bool guarded(const Place& place, const Work& work);

  const LayersSource& source_;
  std::list<std::unique_ptr<OpenLayer>> open_;  // the one used last in front
  std::set<std::uint32_t> stale_;
};

}  // namespace jaunt::chunkstore
