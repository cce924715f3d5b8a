#include "disk/held_extents.hpp"

namespace jaunt::disk {

namespace {

constexpr std::size_t kPiecesMax = std::size_t{1} << 24;

}  // namespace

model::ExtentSet held_extents(const Image& layer, const base::CancelToken& cancel) {
  const base::ByteOffset end(layer.size().value);
  const auto reader = layer.reader();
  model::ExtentSet held;
  for (base::ByteOffset at; at < end;) {
    cancel.check();
    for (const Allocation& part : reader->allocation(at, end - at)) {
      if (!part.absent)
        held.insert(part.extent);
      at = part.extent.end();
    }
    if (held.extents().size() > kPiecesMax)
      throw base::Error(base::ErrorKind::limit, "map", layer.name(),
                        "what it holds lies in more than 16 million pieces", "qemu-img convert makes it whole");
  }
  return held;
}

}  // namespace jaunt::disk
