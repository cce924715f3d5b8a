// The packages of a machine that is to come here: what of them is worth fetching from a mirror, and fetching it.
#pragma once

#include <chrono>
#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "engine/conversation.hpp"
#include "engine/describe_job.hpp"
#include "engine/holdings.hpp"
#include "engine/remote_machine.hpp"
#include "match/package_choice.hpp"
#include "mirror/mirrors.hpp"
#include "mirror/package_fetch.hpp"
#include "mirror/package_folder.hpp"

namespace jaunt::engine {

// What a plan expects of them.
struct PackageForecast {
  base::ByteCount installed;  // of those that are worth it
  base::ByteCount download;
  base::ByteCount bytes_per_second;  // of the mirror
  double missing = 1;                // of their bytes, the share that nothing here has
};

struct PackageSummary {
  std::uint64_t listed = 0;      // that the machine has
  std::uint64_t covered = 0;     // of these, in images here whose packages are known
  std::uint64_t from_cache = 0;  // unpacked here before
  std::uint64_t fetched = 0;
  base::ByteCount downloaded;                       // indices included
  std::map<std::string, std::uint64_t> not_fetched;  // by why: "unknown", "lying", ...
  std::chrono::duration<double> elapsed{};
};

// Within a conversation that is about the machine already. One thread.
class PackageStage {
 public:
  // Nothing of it is done where packages are switched off, no mirror is known, or nobody knows how fast the link is.
  PackageStage(Conversation& conversation, const ToldMachine& machine, std::string realm, const Workplace& workplace);

  // Whether it may be worth it at all: asks the source and the mirrors' indices where the link, at so many bytes in a
  // second, would be busy with packages for a while.
  bool consider(base::ByteCount link);

  const PackageForecast& forecast() const { return forecast_; }
  // What is installed in the machine; only where it was asked for.
  const std::vector<model::Package>& packages() const { return packages_; }
  // Fetches, unpacks and catalogues them. Whatever fails is in the summary, and comes over the link.
  PackageSummary fetch();

 private:
  double missing_share(const Holdings& holdings);
  void sort_out(const mirror::Lookup& lookup);
  match::PackageCosts costs() const;
  bool worth(const mirror::Offered& offered) const;
  void catalogue(const std::vector<std::filesystem::path>& files);

  Conversation& conversation_;
  const ToldMachine& machine_;
  const std::string realm_;
  const Workplace& workplace_;
  mirror::Sites sites_;
  std::unique_ptr<mirror::PackageFolder> folder_;
  std::unique_ptr<mirror::Downloads> downloads_;
  mirror::Lookup lookup_;
  std::vector<model::Package> packages_;
  std::vector<mirror::Offered> chosen_;
  std::vector<std::filesystem::path> cached_;
  base::ByteCount link_;
  std::chrono::duration<double> indexing_{};
  base::ByteCount indexed_;
  PackageForecast forecast_;
  PackageSummary summary_;
};

}  // namespace jaunt::engine
