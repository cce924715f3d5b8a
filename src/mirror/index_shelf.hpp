// The mirrors' indices as they were fetched, unpacked, and asked after again when they are old.
#pragma once

#include <chrono>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "mirror/download.hpp"

namespace jaunt::mirror {

// One index, by any of the names under which a mirror may have it.
struct WantedIndex {
  std::string url;                     // of the plain file, by which it is known here
  std::vector<std::string> endings{};  // of the compressed ones, the best first: ".xz"; "" is the plain one
};

struct ShelvedIndex {
  std::string url;
  std::filesystem::path path;  // of the plain content; empty where it is not to be had
  Outcome outcome = Outcome::unreachable;
  std::string cause;  // a sentence, where it is not here or old
};

// A folder. One process at a time; see PackageFolder.
class IndexShelf {
 public:
  static constexpr base::ByteCount kIndexBytesMax{base::kGiB};
  static constexpr std::chrono::seconds kFresh{600};  // so long nobody asks again

  explicit IndexShelf(std::filesystem::path folder);

  // All of these, in the same order. What cannot be reached now is as it was known last, if it was.
  std::vector<ShelvedIndex> fetch(const std::vector<WantedIndex>& wanted, Downloads& downloads,
                                  const base::CancelToken& cancel) const;

 private:
  struct Known;

  std::optional<Known> known(const std::string& url) const;
  void keep(const WantedIndex& wanted, const std::string& ending, const Fetched& fetched,
            const base::CancelToken& cancel) const;
  std::filesystem::path path_of(const std::string& url, const char* ending) const;

  const std::filesystem::path folder_;
};

}  // namespace jaunt::mirror
