#include "mirror/package_name.hpp"

#include <utility>

#include "base/bytes.hpp"

namespace jaunt::mirror {

namespace {

constexpr std::size_t kPartBytesMax = 80;
constexpr std::size_t kDigestDigits = 16;

// Letters, digits and what versions are made of; everything else as %xx, and a long name's end as its hash.
std::string escaped(const std::string& part) {
  std::string result;
  for (const char c : part) {
    const bool plain = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '+' ||
                       c == '-' || c == '~' || (c == '.' && !result.empty());
    const auto byte = static_cast<std::byte>(c);
    result += plain ? std::string(1, c) : "%" + base::to_hex({&byte, 1});
  }
  if (result.size() > kPartBytesMax)
    result = result.substr(0, kPartBytesMax) + "%" +
             base::to_hex(base::sha256(base::as_bytes(part))).substr(0, kDigestDigits);
  return result;
}

}  // namespace

WantedPackages::WantedPackages(const std::vector<model::Package>& packages) {
  for (const model::Package& package : packages)
    names_[package.name].versions.emplace(Key{package.version, package.arch}, false);
}

void WantedPackages::offer(Offered offered) {
  const auto name = names_.find(offered.package.name);
  if (name == names_.end())
    return;
  const auto version = name->second.versions.find(Key{offered.package.version, offered.package.arch});
  if (version == name->second.versions.end() || std::exchange(version->second, true))
    return;
  found_.push_back(std::move(offered));
}

void WantedPackages::note_folder(std::string_view name, const std::string& folder) {
  if (const auto known = names_.find(name); known != names_.end() && known->second.folder.empty())
    known->second.folder = folder;
}

std::vector<model::Package> WantedPackages::missing() const {
  std::vector<model::Package> result;
  for (const auto& [name, known] : names_)
    for (const auto& [key, found] : known.versions)
      if (!found)
        result.push_back({.name = name, .version = key.version, .arch = key.arch});
  return result;
}

std::optional<std::string> WantedPackages::folder_of(const std::string& name) const {
  const auto known = names_.find(name);
  return known == names_.end() || known->second.folder.empty() ? std::nullopt : std::optional(known->second.folder);
}

std::string file_name(const model::Package& package) {
  return escaped(package.name) + "_" + escaped(package.version) + "_" + escaped(package.arch) + ".blocks";
}

}  // namespace jaunt::mirror
