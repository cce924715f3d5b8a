#include "engine/mirror_sites.hpp"

#include <algorithm>
#include <chrono>
#include <utility>

#include "base/file.hpp"
#include "base/process.hpp"
#include "describe/apt_sources.hpp"
#include "mirror/apt_settings.hpp"

namespace jaunt::engine {

namespace fs = std::filesystem;
using base::Error;

namespace {

constexpr base::ByteCount kFileBytesMax{base::kMiB};
constexpr base::ByteCount kSettingsBytesMax{4 * base::kMiB};
constexpr std::chrono::seconds kPatience{10};
constexpr std::size_t kFilesMax = 1000;
const fs::path kAptFolder = "/etc/apt";

bool is_fetched(const model::Repository& repository) {
  return repository.enabled && (repository.uri.starts_with("http://") || repository.uri.starts_with("https://") ||
                                repository.uri.starts_with("file:///"));
}

// "file:/srv/debian" is as good for apt.
void straighten(std::string& uri) {
  if (uri.starts_with("file:/") && !uri.starts_with("file://"))
    uri.insert(5, "//");
}

void add_file(const fs::path& path, std::vector<model::Repository>& all) {
  try {
    const std::string text = base::read_text_file(path, kFileBytesMax);
    auto found = path.extension() == ".sources" ? describe::parse_apt_sources(text, path.string())
                                                : describe::parse_apt_list(text, path.string());
    for (model::Repository& repository : found) {
      straighten(repository.uri);
      if (is_fetched(repository))
        all.push_back(std::move(repository));
    }
  } catch (const Error&) {  // apt itself would complain; here it is one source less
  }
}

mirror::Proxies apt_proxies(const base::CancelToken& cancel) {
  try {
    const base::Captured told =
        base::run({.argv = {"apt-config", "dump"}, .environment = {"LC_ALL=C"}, .confinement = {}}, kPatience,
                  kSettingsBytesMax, cancel);
    return told.status.success() ? mirror::read_apt_settings(told.out) : mirror::Proxies{};
  } catch (const Error&) {
    return {};
  }
}

}  // namespace

std::vector<model::Repository> apt_repositories(const fs::path& folder) {
  std::vector<model::Repository> all;
  std::error_code absent;
  if (fs::exists(folder / "sources.list", absent))
    add_file(folder / "sources.list", all);
  std::vector<fs::path> files;
  for (const auto& entry : fs::directory_iterator(folder / "sources.list.d", absent))
    if ((entry.path().extension() == ".list" || entry.path().extension() == ".sources") && files.size() < kFilesMax)
      files.push_back(entry.path());
  std::ranges::sort(files);
  for (const fs::path& file : files)
    add_file(file, all);
  return all;
}

mirror::Sites sites_of(const Config& config, const base::CancelToken& cancel) {
  mirror::Sites sites{.repositories = config.mirror_sources.repositories,
                      .archives = config.mirror_archives.urls,
                      .proxies = {}};
  if (!sites.repositories.empty())
    return sites;
  sites.repositories = apt_repositories(kAptFolder);
  if (!sites.repositories.empty())
    sites.proxies = apt_proxies(cancel);
  return sites;
}

}  // namespace jaunt::engine
