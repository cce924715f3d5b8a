#include "describe/dpkg_status.hpp"

#include <algorithm>
#include <array>

#include "base/error.hpp"
#include "describe/splitting.hpp"
#include "describe/stanzas.hpp"

namespace jaunt::describe {

namespace {

constexpr std::size_t kPackagesMax = 500'000;

// States in which a package's files are in place.
constexpr std::array<std::string_view, 5> kUnpacked{"installed", "triggers-awaited", "triggers-pending", "unpacked",
                                                    "half-configured"};
// States that an interrupted run of dpkg leaves behind.
constexpr std::array<std::string_view, 3> kBroken{"unpacked", "half-configured", "half-installed"};

template <typename Names>
bool among(const Names& names, std::string_view name) {
  return std::find(names.begin(), names.end(), name) != names.end();
}

}  // namespace

DpkgStatus parse_dpkg_status(std::string_view text) {
  DpkgStatus result;
  for_each_stanza(text, [&](const Stanza& stanza) {
    const auto status = words(field(stanza, "status"));
    const std::string name(field(stanza, "package"));
    if (status.size() != 3 || name.empty())
      return;
    if (result.packages.size() >= kPackagesMax)
      throw base::Error(base::ErrorKind::limit, "read", "the package database", "it lists too many packages");
    if (among(kUnpacked, status[2]))
      result.packages.push_back({.name = name,
                                 .version = std::string(field(stanza, "version")),
                                 .arch = std::string(field(stanza, "architecture"))});
    if (among(kBroken, status[2]) || status[1] != "ok")
      result.problems.push_back(
          {.subject = "package " + name, .cause = "dpkg calls it '" + std::string(field(stanza, "status")) + "'"});
  });
  return result;
}

}  // namespace jaunt::describe
