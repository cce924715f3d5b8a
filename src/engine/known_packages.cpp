#include "engine/known_packages.hpp"

#include <algorithm>
#include <string_view>

#include <fcntl.h>
#include <fmt/format.h>

#include "base/file.hpp"
#include "disk/identity.hpp"

namespace jaunt::engine {

namespace {

std::string key_of(const std::filesystem::path& path, const model::FileIdentity& identity) {
  return fmt::format("packages {} {} {} {} {} {}", identity.device, identity.inode, identity.size, identity.mtime_ns,
                     identity.ctime_ns, path.string());
}

}  // namespace

std::string line_of(const model::Package& package) {
  return package.name + " " + package.version + " " + package.arch;
}

void note_packages(chunkstore::Catalog& catalog, const std::filesystem::path& top,
                   const std::vector<model::Package>& packages) {
  std::string lines;
  for (const model::Package& package : packages)
    lines += line_of(package) + "\n";
  if (lines.empty() || lines.size() > chunkstore::Catalog::kNoteBytesMax)
    return;
  try {
    const std::filesystem::path path = std::filesystem::canonical(top);
    catalog.put_note(key_of(path, disk::identify(base::File::open(path, O_RDONLY | O_NONBLOCK))), lines);
  } catch (const base::Error&) {  // then its packages are fetched once more
  } catch (const std::filesystem::filesystem_error&) {
  }
}

std::set<std::string> known_packages(const chunkstore::Catalog& catalog, const Holdings& holdings) {
  std::set<std::string> known;
  for (const chunkstore::HeldImage& image : holdings.layers().images()) {
    const chunkstore::SourceFile& top = holdings.layers().record(image.layers.front()).files.front();
    const auto note = catalog.note(key_of(top.path, top.identity));
    for (std::string_view rest = note ? std::string_view(*note) : std::string_view(); !rest.empty();) {
      const auto end = std::min(rest.find('\n'), rest.size());
      known.emplace(rest.substr(0, end));
      rest.remove_prefix(std::min(end + 1, rest.size()));
    }
  }
  return known;
}

}  // namespace jaunt::engine
