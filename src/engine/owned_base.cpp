#include "engine/owned_base.hpp"

#include <cerrno>
#include <chrono>
#include <thread>

#include <fcntl.h>
#include <fmt/format.h>
#include <linux/fs.h>
#include <sys/ioctl.h>
#include <sys/stat.h>

#include "base/file.hpp"
#include "base/hash.hpp"
#include "base/text.hpp"
#include "disk/identity.hpp"
#include "disk/vetted_file.hpp"
#include "engine/layer_fitness.hpp"

namespace jaunt::engine {

namespace fs = std::filesystem;
using base::Error;
using base::ErrorKind;

namespace {

constexpr std::size_t kStemBytesMax = 100;
constexpr std::size_t kDigitsOfName = 16;
constexpr mode_t kReadOnly = 0444;
// What was changed this very instant cannot be told from what is still being changed.
constexpr std::chrono::milliseconds kTickOfClocks{20};
constexpr fs::perms kFolderMode{0711};  // QEMU's account gets through

// Its name tells which state of which file it is.
std::string clone_name(const model::Layer& layer) {
  const model::FileIdentity& state = layer.identity;
  const std::string text =
      fmt::format("{}\n{}\n{}\n{}\n{}", layer.path, state.device, state.inode, state.size, state.ctime_ns);
  return fmt::format("{}-{}.{}", fs::path(layer.path).stem().string().substr(0, kStemBytesMax),
                     base::to_hex(base::sha256(base::as_bytes(text))).substr(0, kDigitsOfName), layer.format);
}

StoodOnFile as_it_is(const fs::path& path) {
  return {.path = path, .identity = disk::identify(base::File::open(path, O_RDONLY | O_NONBLOCK))};
}

// False where the filesystem cannot do that.
bool make_clone(const model::Layer& layer, const fs::path& path) {
  const base::File source = disk::open_vetted(disk::layer_file(layer));
  base::AtomicFile copy(path);
  if (::ioctl(copy.file().fd(), FICLONE, source.fd()) != 0) {
    if (errno == EOPNOTSUPP || errno == EXDEV || errno == EINVAL || errno == ENOTTY)
      return false;
    base::throw_errno(errno, "create", base::printable(path.string()));
  }
  if (::fchmod(copy.file().fd(), kReadOnly) != 0)
    base::throw_errno(errno, "make read-only", base::printable(path.string()));
  copy.commit();
  return true;
}

}  // namespace

AddedEntry own_image(const std::string& what, const std::string& realm, const std::optional<std::string>& format,
                     const Workplace& workplace) {
  Libvirt libvirt(workplace.config.libvirt_uri);
  const disk::Chain chain =
      disk::resolve_chain({.path = what, .format = format}, image_policy(workplace.config, libvirt));
  const LayerFitness fitness(libvirt);
  for (std::size_t i = 0; i < chain.layers.size(); ++i)
    if (const auto objection = fitness.objection(chain, i))
      throw Error(ErrorKind::incompatible, "own", base::printable(chain.layers[i].path), *objection,
                  "copy it, and name the copy");
  AddedEntry added = add_to_catalog(what, realm, format, workplace);
  const ThinRecords records(workplace.home.path());
  for (const model::Layer& layer : chain.layers) {
    if (!make_read_only(layer.path))
      throw Error(ErrorKind::auth, "make read-only", base::printable(layer.path), "this account may not do that",
                  "do it as root");
    records.own(as_it_is(layer.path));
  }
  return added;
}

std::optional<fs::path> owned_clone(const model::Layer& layer, const fs::path& folder, const ThinRecords& records) {
  const fs::path path = folder / clone_name(layer);
  if (records.owns(path))
    return path;
  std::error_code failed;
  const bool made = fs::create_directory(folder, failed);
  if (made)
    fs::permissions(folder, kFolderMode, failed);
  if (failed)
    base::throw_errno(failed.value(), "create", base::printable(folder.string()));
  if (!make_clone(layer, path)) {
    if (made)
      fs::remove(folder, failed);
    return std::nullopt;
  }
  records.own(as_it_is(path));
  std::this_thread::sleep_for(kTickOfClocks);
  return path;
}

}  // namespace jaunt::engine
