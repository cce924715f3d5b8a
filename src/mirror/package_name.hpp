// A package by its exact name, version and architecture, and where a mirror has it.
#pragma once

#include <compare>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/hash.hpp"
#include "base/units.hpp"
#include "model/description.hpp"

namespace jaunt::mirror {

// A package of an index.
struct Offered {
  model::Package package;
  std::string url;
  base::ByteCount size;
  base::ByteCount installed;  // bytes of its files, as the index says
  std::optional<base::Hash32> sha256 = {};

  bool operator==(const Offered&) const = default;
};

// The packages that are looked for, and what was found of them so far.
class WantedPackages {
 public:
  explicit WantedPackages(const std::vector<model::Package>& packages);

  // An index tells of a package; what nobody looks for, and what was found already, is left out.
  void offer(Offered offered);
  // An index tells where some version of a package of this name lies: below the mirror, pool/main/n/nginx/.
  void note_folder(std::string_view name, const std::string& folder);

  bool wants(std::string_view name) const { return names_.contains(name); }
  const std::vector<Offered>& found() const { return found_; }
  std::vector<model::Package> missing() const;
  std::optional<std::string> folder_of(const std::string& name) const;

 private:
  struct Key {
    std::string version;
    std::string arch;
    auto operator<=>(const Key&) const = default;
  };
  struct Name {
    std::map<Key, bool> versions;  // whether each was found
    std::string folder;
  };

  std::map<std::string, Name, std::less<>> names_;
  std::vector<Offered> found_;
};

// The file that a package becomes in a folder: no name of a mirror or a guest leads out of there.
std::string file_name(const model::Package& package);

}  // namespace jaunt::mirror
