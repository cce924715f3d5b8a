// The keys of every value of plan.hpp, for both the writer and the reader of JSON.
#pragma once

#include <array>
#include <tuple>

#include "model/description_fields.hpp"
#include "model/json_fields.hpp"
#include "model/plan.hpp"

namespace jaunt::model {

template <>
inline constexpr auto kJsonNames<SourceKind> = [] {
  std::array<JsonName<SourceKind>, kSourceKinds.size()> names{};
  for (std::size_t i = 0; i < names.size(); ++i)
    names[i] = {kSourceKinds[i], to_string(kSourceKinds[i])};
  return names;
}();

template <>
inline constexpr auto kJsonFields<LinkSpeed> =
    std::tuple{JsonField{"bytes_per_second", &LinkSpeed::bytes_per_second},
               JsonField{"round_trip", &LinkSpeed::round_trip}, JsonField{"origin", &LinkSpeed::origin}};

template <>
inline constexpr auto kJsonFields<SourceShare> =
    std::tuple{JsonField{"source", &SourceShare::source}, JsonField{"bytes", &SourceShare::bytes},
               JsonField{"wire", &SourceShare::wire}, JsonField{"seconds", &SourceShare::seconds}};

template <>
inline constexpr auto kJsonFields<PlannedCandidate> =
    std::tuple{JsonField{"image", &PlannedCandidate::image}, JsonField{"covered", &PlannedCandidate::covered},
               JsonField{"exact", &PlannedCandidate::exact}, JsonField{"in_place", &PlannedCandidate::in_place},
               JsonField{"chosen", &PlannedCandidate::chosen}};

template <>
inline constexpr auto kJsonFields<PlannedFile> =
    std::tuple{JsonField{"path", &PlannedFile::path}, JsonField{"identity", &PlannedFile::identity}};

template <>
inline constexpr auto kJsonFields<PlannedLayer> =
    std::tuple{JsonField{"path", &PlannedLayer::path}, JsonField{"files", &PlannedLayer::files},
               JsonField{"of_base", &PlannedLayer::of_base}, JsonField{"hint", &PlannedLayer::hint}};

template <>
inline constexpr auto kJsonFields<DiskPlan> = std::tuple{JsonField{"target", &DiskPlan::target},
                                                         JsonField{"size", &DiskPlan::size},
                                                         JsonField{"needed", &DiskPlan::needed},
                                                         JsonField{"root", &DiskPlan::root},
                                                         JsonField{"carried_root", &DiskPlan::carried_root},
                                                         JsonField{"candidates_ranked", &DiskPlan::candidates_ranked},
                                                         JsonField{"candidates", &DiskPlan::candidates},
                                                         JsonField{"base", &DiskPlan::base},
                                                         JsonField{"base_reason", &DiskPlan::base_reason},
                                                         JsonField{"layers", &DiskPlan::layers},
                                                         JsonField{"sources", &DiskPlan::sources},
                                                         JsonField{"runs", &DiskPlan::runs}};

template <>
inline constexpr auto kJsonFields<Blocker> =
    std::tuple{JsonField{"subject", &Blocker::subject}, JsonField{"fatal", &Blocker::fatal},
               JsonField{"found", &Blocker::found}, JsonField{"remedy", &Blocker::remedy}};

template <>
inline constexpr auto kJsonFields<PlannedArchives> =
    std::tuple{JsonField{"count", &PlannedArchives::count}, JsonField{"bytes", &PlannedArchives::bytes},
               JsonField{"saved", &PlannedArchives::saved}};

template <>
inline constexpr auto kJsonFields<Forecast> =
    std::tuple{JsonField{"wire", &Forecast::wire}, JsonField{"seconds", &Forecast::seconds},
               JsonField{"slowest", &Forecast::slowest}};

template <>
inline constexpr auto kJsonFields<PlainCopy> =
    std::tuple{JsonField{"name", &PlainCopy::name}, JsonField{"wire", &PlainCopy::wire},
               JsonField{"seconds", &PlainCopy::seconds}};

template <>
inline constexpr auto kJsonFields<Elsewhere> =
    std::tuple{JsonField{"link", &Elsewhere::link}, JsonField{"forecast", &Elsewhere::forecast},
               JsonField{"plain_copy", &Elsewhere::plain_copy}};

template <>
inline constexpr auto kJsonFields<Plan> = std::tuple{JsonField{"id", &Plan::id},
                                                     JsonField{"subject", &Plan::subject},
                                                     JsonField{"source", &Plan::source},
                                                     JsonField{"name", &Plan::name},
                                                     JsonField{"format", &Plan::format},
                                                     JsonField{"realm", &Plan::realm},
                                                     JsonField{"created", &Plan::created},
                                                     JsonField{"as_of", &Plan::as_of},
                                                     JsonField{"running", &Plan::running},
                                                     JsonField{"lease_until", &Plan::lease_until},
                                                     JsonField{"link", &Plan::link},
                                                     JsonField{"disks", &Plan::disks},
                                                     JsonField{"sources", &Plan::sources},
                                                     JsonField{"difference_sent", &Plan::difference_sent},
                                                     JsonField{"difference_received", &Plan::difference_received},
                                                     JsonField{"archives", &Plan::archives},
                                                     JsonField{"forecast", &Plan::forecast},
                                                     JsonField{"plain_copies", &Plan::plain_copies},
                                                     JsonField{"plain_copy_is_faster", &Plan::plain_copy_is_faster},
                                                     JsonField{"elsewhere", &Plan::elsewhere},
                                                     JsonField{"downtime", &Plan::downtime},
                                                     JsonField{"space", &Plan::space},
                                                     JsonField{"blockers", &Plan::blockers},
                                                     JsonField{"problems", &Plan::problems}};

}  // namespace jaunt::model
