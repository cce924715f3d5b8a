// What is compared is of one realm.
#pragma once

#include "base/error.hpp"
#include "match/candidate.hpp"

namespace jaunt::match {

inline void refuse_other_realms(const base::Hash32& realm, Layers layers) {
  for (const model::TreeView* const layer : layers)
    if (layer->realm() != realm)
      throw base::Error(base::ErrorKind::incompatible, "compare", "block trees", "they are of different realms");
}

}  // namespace jaunt::match
