#include "match/package_choice.hpp"

namespace jaunt::match {

double link_seconds(const PackageOffer& offer, const PackageCosts& costs) {
  return static_cast<double>(offer.installed.value) * costs.missing * costs.wire_ratio / costs.link;
}

double mirror_seconds(const PackageOffer& offer, const PackageCosts& costs) {
  return static_cast<double>(offer.download.value) / costs.mirror +
         static_cast<double>(offer.installed.value) / (costs.unpack * costs.cores);
}

}  // namespace jaunt::match
