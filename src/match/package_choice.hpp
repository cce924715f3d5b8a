// Whether a package is fetched from a mirror, or its files come over the link with everything else.
#pragma once

#include "base/units.hpp"
#include "match/cost.hpp"

namespace jaunt::match {

struct PackageOffer {
  base::ByteCount download;
  base::ByteCount installed;
};

struct PackageCosts {
  double link = 125e6;     // bytes per second
  double mirror = 25e6;    // likewise
  double missing = 1;      // of the bytes of the machine's packages, the share that nothing here has
  double wire_ratio = 0.33;  // what crosses the link for a byte
  double unpack = Costs{}.package_unpack;
  unsigned cores = Machine{}.cores;
};

// Seconds that the link would take for its files, and those until they are unpacked here.
double link_seconds(const PackageOffer& offer, const PackageCosts& costs);
double mirror_seconds(const PackageOffer& offer, const PackageCosts& costs);

inline bool pays(const PackageOffer& offer, const PackageCosts& costs) {
  return mirror_seconds(offer, costs) < link_seconds(offer, costs);
}

}  // namespace jaunt::match
