#include "mirror/mirrors.hpp"

#include <algorithm>
#include <set>
#include <tuple>
#include <utility>

#include <fmt/format.h>

#include "base/file.hpp"
#include "base/text.hpp"
#include "mirror/deb_index.hpp"
#include "mirror/rpm_index.hpp"

namespace jaunt::mirror {

using base::Error;
using base::ErrorKind;

namespace {

constexpr std::size_t kIndicesMax = 512;
constexpr std::size_t kArchitecturesMax = 8;
constexpr std::size_t kProblemsMax = 20;

std::string with_slash(std::string url) {
  return url.ends_with('/') ? url : url + "/";
}

// "debian-security" of "http://mirror.example.org/debian-security/".
std::string last_part(std::string url) {
  while (url.ends_with('/'))
    url.pop_back();
  return url.substr(url.rfind('/') + 1);
}

bool is_plain_word(const std::string& word) {
  return is_safe_path(word) && word.find('%') == word.npos && word.find(':') == word.npos;
}

std::vector<std::string> architectures(const std::vector<model::Package>& packages) {
  std::set<std::string> all;
  for (const model::Package& package : packages)
    if (package.arch != "all" && is_plain_word(package.arch) && package.arch.find('/') == std::string::npos)
      all.insert(package.arch);
  std::vector<std::string> result(all.begin(), all.end());
  result.resize(std::min(result.size(), kArchitecturesMax));
  return result;
}

struct Place {
  WantedIndex index;
  std::string root;
};

std::vector<Place> deb_places(const Sites& sites, const std::vector<std::string>& archs) {
  std::vector<Place> places;
  std::set<std::string> known;
  const auto add = [&](const std::string& root, const std::string& below) {
    const std::string url = root + url_path(below) + "Packages";
    if (places.size() < kIndicesMax && known.insert(url).second)
      places.push_back({.index = {.url = url, .endings = {".xz", ".gz", ""}}, .root = root});
  };
  for (const model::Repository& repository : sites.repositories) {
    if (repository.format != "apt" || !repository.enabled)
      continue;
    const std::string root = with_slash(repository.uri);
    if (repository.suite.ends_with('/'))  // a flat one
      add(root, repository.suite == "/" || repository.suite == "./" ? "" : repository.suite);
    else
      for (const std::string& component : repository.components)
        for (const std::string& arch : archs)
          add(root, fmt::format("dists/{}/{}/binary-{}/", repository.suite, component, arch));
  }
  return places;
}

class Looker {
 public:
  Looker(const std::vector<model::Package>& packages, const Sites& sites, const IndexShelf& shelf,
         Downloads& downloads, const base::CancelToken& cancel)
      : sites_(sites), shelf_(shelf), downloads_(downloads), cancel_(cancel), wanted_(packages),
        architectures_(architectures(packages)) {}

  Lookup run() {
    look_in_debs();
    look_in_rpms();
    guess();
    lookup_.found = wanted_.found();
    return std::move(lookup_);
  }

 private:
  std::vector<ShelvedIndex> fetch(const std::vector<Place>& places) {
    std::vector<WantedIndex> indices;
    for (const Place& place : places)
      indices.push_back(place.index);
    std::vector<ShelvedIndex> shelved = shelf_.fetch(indices, downloads_, cancel_);
    for (const ShelvedIndex& index : shelved)
      if (!index.cause.empty() && index.outcome != Outcome::absent && lookup_.problems.size() < kProblemsMax)
        lookup_.problems.push_back(fmt::format("{}: {}", base::printable(index.url), index.cause));
    return shelved;
  }

  // What is broken is as good as absent.
  template <typename Read>
  void read(const ShelvedIndex& index, const Read& read_content) {
    cancel_.check();
    if (index.path.empty())
      return;
    try {
      const base::MappedFile file(index.path);
      read_content({reinterpret_cast<const char*>(file.bytes().data()), file.bytes().size()});
    } catch (const Error& failure) {
      if (lookup_.problems.size() < kProblemsMax)
        lookup_.problems.push_back(fmt::format("{}: {}", base::printable(index.url), failure.cause()));
    }
  }

  void look_in_debs() {
    const std::vector<Place> places = deb_places(sites_, architectures_);
    const std::vector<ShelvedIndex> shelved = fetch(places);
    for (std::size_t i = 0; i < places.size(); ++i) {
      read(shelved[i], [&](std::string_view text) { read_deb_index(text, places[i].root, wanted_); });
      if (!shelved[i].path.empty())
        lookup_.indices.push_back({.url = shelved[i].url, .path = shelved[i].path});
    }
  }

  void look_in_rpms() {
    std::vector<Place> places;
    for (const model::Repository& repository : sites_.repositories)
      if (repository.format == "rpm" && repository.enabled && places.size() < kIndicesMax) {
        const std::string root = with_slash(repository.uri);
        places.push_back({.index = {.url = root + "repodata/repomd.xml", .endings = {""}}, .root = root});
      }
    const std::vector<ShelvedIndex> lists = fetch(places);
    std::vector<Place> primaries;
    for (std::size_t i = 0; i < places.size(); ++i)
      read(lists[i], [&](std::string_view text) {
        if (const auto primary = read_repomd(text))
          primaries.push_back({.index = {.url = places[i].root + url_path(primary->path), .endings = {""}},
                               .root = places[i].root});
      });
    const std::vector<ShelvedIndex> shelved = fetch(primaries);
    for (std::size_t i = 0; i < primaries.size(); ++i)
      read(shelved[i], [&](std::string_view text) { read_rpm_index(text, primaries[i].root, wanted_); });
  }

  // Mirrors keep some old versions for a while, archives all of them, in the same folders.
  void guess() {
    for (const model::Package& package : wanted_.missing()) {
      const auto folder = wanted_.folder_of(package.name);
      const std::string version = package.version.substr(package.version.find(':') + 1);
      const std::string file = fmt::format("{}_{}_{}.deb", package.name, version, package.arch);
      const auto pool = folder ? folder->find("/pool/") : std::string::npos;
      if (!folder || pool == std::string::npos || sites_.archives.empty() || !is_safe_path(file)) {
        lookup_.unknown.push_back(package);
        continue;
      }
      for (const std::string& archive : sites_.archives)
        lookup_.guessed.push_back({.package = package,
                                   .url = with_slash(archive) + folder->substr(pool + 1) + url_path(file),
                                   .size = {},
                                   .installed = {}});
    }
  }

  const Sites& sites_;
  const IndexShelf& shelf_;
  Downloads& downloads_;
  const base::CancelToken& cancel_;
  WantedPackages wanted_;
  const std::vector<std::string> architectures_;
  Lookup lookup_;
};

}  // namespace

std::vector<model::Repository> suites_here(const std::vector<model::Repository>& own,
                                           const std::vector<model::Repository>& guest) {
  std::vector<model::Repository> result = own;
  std::set<std::tuple<std::string, std::string, std::vector<std::string>>> known;
  for (const model::Repository& repository : own)
    known.emplace(repository.uri, repository.suite, repository.components);
  for (const model::Repository& wanted : guest) {
    const bool plain = wanted.format == "apt" && wanted.enabled && is_plain_word(wanted.suite) &&
                       !wanted.suite.ends_with('/') && std::ranges::all_of(wanted.components, is_plain_word);
    if (!plain)
      continue;
    for (const model::Repository& mirror : own)
      if (mirror.format == "apt" && !mirror.suite.ends_with('/') && last_part(mirror.uri) == last_part(wanted.uri) &&
          known.emplace(mirror.uri, wanted.suite, wanted.components).second && result.size() < kIndicesMax)
        result.push_back({.format = "apt",
                          .uri = mirror.uri,
                          .suite = wanted.suite,
                          .components = wanted.components,
                          .enabled = true,
                          .file = mirror.file});
  }
  return result;
}

Lookup look_up(const std::vector<model::Package>& packages, const Sites& sites, const IndexShelf& shelf,
               Downloads& downloads, const base::CancelToken& cancel) {
  return Looker(packages, sites, shelf, downloads, cancel).run();
}

}  // namespace jaunt::mirror
