// What the disks of a thin teleport stand on.
#pragma once

#include <filesystem>
#include <optional>
#include <vector>

#include "engine/describe_job.hpp"
#include "engine/holdings.hpp"
#include "engine/layer_fitness.hpp"
#include "engine/thin_records.hpp"
#include "model/plan.hpp"

namespace jaunt::engine {

// flat: on nothing; owned: on files that jaunt owns; layers: on others, too, that nobody writes to.
enum class Thin { flat, owned, layers };

// A chain that was found fit to stand on.
struct ThinBase {
  disk::Chain chain;
  std::vector<model::FileIdentity> identities;  // of its layers, when they were found fit

  bool unchanged() const;  // since then, and nobody can write to it now
  ThinTarget target(const std::filesystem::path& path) const;
};

// Chooses them for one job. Everything given outlives it. One thread.
class ThinBases {
 public:
  ThinBases(Thin thin, const Holdings& holdings, const Workplace& workplace);

  // As many layers of the planned base, from the bottom, as are fit. nullopt, and a note, where there is no base.
  // Throws incompatible where none is fit; other errors say that the base is not what it was.
  std::optional<ThinBase> base_of(const model::DiskPlan& planned, const std::filesystem::path& folder);

 private:
  disk::Chain resolve(const std::filesystem::path& path, const std::string& format,
                      const std::filesystem::path& folder);
  void look_at_domains();
  std::optional<std::string> objection(const disk::Chain& chain, std::size_t index);
  std::optional<disk::Chain> clone(const disk::Chain& chain, const std::filesystem::path& folder);

  const Thin thin_;
  const Holdings& holdings_;
  const Workplace& workplace_;
  const ThinRecords records_;
  Libvirt libvirt_;
  std::optional<LayerFitness> fitness_;
};

}  // namespace jaunt::engine
