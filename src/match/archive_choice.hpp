// Whether a compressed file is worth being taken apart, so that most of it need not cross the link.
#pragma once

#include "base/units.hpp"

namespace jaunt::match {

struct ArchiveCosts {
  double link = 0;        // bytes per second
  double packing = 7e6;   // bytes of the archive per second that one core packs: once here, once at its source
  double crossing = 0.1;  // of the archive's bytes, that cross all the same
};

// Before it is known what is in it.
bool archive_pays(base::ByteCount size, const ArchiveCosts& costs);

// Once it is known that so many bytes of what is in it would cross.
bool archive_pays(base::ByteCount size, base::ByteCount crossing, const ArchiveCosts& costs);

}  // namespace jaunt::match
