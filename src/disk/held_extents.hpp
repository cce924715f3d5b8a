// Which bytes a layer holds itself.
#pragma once

#include "base/error.hpp"
#include "disk/image.hpp"
#include "model/extent.hpp"

namespace jaunt::disk {

// Of an image that open_layer() gave: all that no deeper layer answers. A layer in more than 2^24 pieces is a limit
// error.
model::ExtentSet held_extents(const Image& layer, const base::CancelToken& cancel = {});

}  // namespace jaunt::disk
