// A vetted chain opened for reading: raw files directly, everything else through a private qemu-nbd.
#pragma once

#include <cstddef>
#include <memory>

#include "disk/chain.hpp"
#include "disk/image.hpp"

namespace jaunt::disk {

// What the guest sees. The image owns the server it may need, so open it on a thread that lives as long.
std::unique_ptr<Image> open_image(const Chain& chain);

// What layer `index` itself holds, its size being the layer's own. Ranges that a deeper layer would answer are
// `absent` in its allocation; the bottom layer has none.
std::unique_ptr<Image> open_layer(const Chain& chain, std::size_t index);

}  // namespace jaunt::disk
