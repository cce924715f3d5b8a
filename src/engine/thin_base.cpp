#include "engine/thin_base.hpp"

#include <algorithm>

#include <fmt/format.h>

#include "base/error.hpp"
#include "base/text.hpp"
#include "disk/identity.hpp"
#include "engine/owned_base.hpp"

namespace jaunt::engine {

namespace fs = std::filesystem;
using base::Error;
using base::ErrorKind;

namespace {

constexpr const char* kClonesFolder = "jaunt-bases";

disk::Chain below(const disk::Chain& chain, std::size_t first) {
  const auto from = static_cast<std::ptrdiff_t>(first);
  return {.layers = {chain.layers.begin() + from, chain.layers.end()},
          .parts = {chain.parts.begin() + from, chain.parts.end()}};
}

std::string format_of(const model::PlannedLayer& layer, const Holdings& holdings) {
  for (std::uint32_t part = 0; part < holdings.layers().parts(); ++part)
    if (holdings.planned(part).files == layer.files)
      return holdings.layers().record(part).format;
  throw Error(ErrorKind::not_found, "stand on", base::printable(layer.path), "the catalog does not know it any more");
}

ThinBase found_fit(disk::Chain chain) {
  ThinBase base{.chain = std::move(chain), .identities = {}};
  for (std::size_t i = 0; i < base.chain.layers.size(); ++i) {
    const auto identity = disk::memorable_identity(base.chain, i);
    if (!identity)
      throw Error(ErrorKind::busy, "stand on", base::printable(base.chain.layers[i].path),
                  "somebody may be writing to it");
    base.identities.push_back(*identity);
  }
  return base;
}

}  // namespace

bool ThinBase::unchanged() const {
  try {
    for (std::size_t i = 0; i < chain.layers.size(); ++i)
      if (!disk::unchanged_since(identities[i], chain, i))
        return false;
    return true;
  } catch (const Error&) {  // it is gone
    return false;
  }
}

ThinTarget ThinBase::target(const fs::path& path) const {
  ThinTarget target{.path = path, .files = {}};
  for (std::size_t i = 0; i < chain.layers.size(); ++i)
    target.files.push_back({.path = chain.layers[i].path, .identity = identities[i]});
  return target;
}

ThinBases::ThinBases(Thin thin, const Holdings& holdings, const Workplace& workplace)
    : thin_(thin),
      holdings_(holdings),
      workplace_(workplace),
      records_(workplace.home.path()),
      libvirt_(workplace.config.libvirt_uri) {}

disk::Chain ThinBases::resolve(const fs::path& path, const std::string& format, const fs::path& folder) {
  disk::Policy policy = image_policy(workplace_.config, libvirt_);
  policy.folders.push_back(folder);
  return disk::resolve_chain({.path = path, .format = format}, policy);
}

void ThinBases::look_at_domains() {
  try {
    if (!fitness_)
      fitness_.emplace(libvirt_);
  } catch (const Error& failure) {
    throw Error(ErrorKind::incompatible, "make", "a thin target",
                fmt::format("libvirt cannot be asked which files domains write to: {}", failure.what()),
                "--flat copies");
  }
}

std::optional<std::string> ThinBases::objection(const disk::Chain& chain, std::size_t index) {
  if (thin_ == Thin::owned && !records_.owns(chain.layers[index].path))
    return "jaunt does not own it";
  return fitness_->objection(chain, index);
}

std::optional<disk::Chain> ThinBases::clone(const disk::Chain& chain, const fs::path& folder) {
  const disk::LayerParts& parts = chain.parts.front();
  const bool single = chain.layers.size() == 1 && parts.self_contained() && !parts.block_device;
  if (thin_ != Thin::owned || !single || (chain.top().format != "raw" && chain.top().format != "qcow2"))
    return std::nullopt;
  const auto path = owned_clone(chain.top(), folder / kClonesFolder, records_);
  return path ? std::optional(resolve(*path, chain.top().format, folder)) : std::nullopt;
}

std::optional<ThinBase> ThinBases::base_of(const model::DiskPlan& planned, const fs::path& folder) {
  const auto top = std::ranges::find(planned.layers, true, &model::PlannedLayer::of_base);
  if (thin_ == Thin::flat)
    return std::nullopt;
  if (top == planned.layers.end()) {
    workplace_.progress.note(
        fmt::format("{} stands on nothing: nothing here is like it", base::printable(planned.target)));
    return std::nullopt;
  }
  look_at_domains();
  const disk::Chain chain = resolve(top->path, format_of(*top, holdings_), folder);
  std::size_t first = chain.layers.size();
  std::string why;
  while (first > 0) {
    const auto against = objection(chain, first - 1);
    if (against) {
      why = fmt::format("{}: {}", base::printable(chain.layers[first - 1].path), *against);
      break;
    }
    --first;
  }
  if (first < chain.layers.size())
    return found_fit(below(chain, first));
  if (auto copy = clone(chain, folder))
    return found_fit(std::move(*copy));
  throw Error(ErrorKind::incompatible, "make a thin target on", base::printable(planned.base.value_or(top->path)),
              thin_ == Thin::owned ? why + ", and its filesystem makes no references" : why,
              thin_ == Thin::owned
                  ? "`jaunt catalog own` makes an image jaunt's own, --thin-on-layer stands on one that "
                    "nobody writes to, --flat copies"
                  : "--flat copies");
}

}  // namespace jaunt::engine
