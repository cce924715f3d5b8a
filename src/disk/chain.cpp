#include "disk/chain.hpp"

#include <algorithm>
#include <chrono>

#include <fmt/format.h>

#include "base/error.hpp"
#include "base/process.hpp"
#include "base/text.hpp"
#include "disk/block_graph.hpp"
#include "disk/image_format.hpp"
#include "disk/image_info.hpp"
#include "disk/vetted_file.hpp"
#include "disk/vmdk_descriptor.hpp"

namespace jaunt::disk {

namespace {

namespace fs = std::filesystem;
using namespace std::chrono_literals;

using base::ByteCount;
using base::Error;
using base::ErrorKind;

constexpr auto kInfoPatience = 30s;
constexpr ByteCount kInfoMemoryMax{base::kGiB};
constexpr std::uint64_t kStatBlockBytes = 512;

// What is opened next.
struct Pending {
  fs::path path;  // absolute, links not resolved: relative names in it start from here
  std::optional<std::string> format;
  std::string role;  // who wants it, for messages
};

// What QEMU would take for a protocol ("nbd:", "json:") and not for a file's name.
bool names_protocol(std::string_view name) {
  const auto end = name.find_first_of(":/");
  return end != std::string_view::npos && name[end] == ':';
}

// A file that the header at `owner` names, as `what` of it.
Pending reference(const std::string& name, const fs::path& owner, const char* what) {
  std::string role = fmt::format(", the {} of {}", what, base::printable(owner.string()));
  if (names_protocol(name))
    throw Error(ErrorKind::auth, "open", base::printable(name) + role, "it is not the name of a file",
                "make the image refer to a plain file (qemu-img rebase -u)");
  return {.path = owner.parent_path() / name, .format = {}, .role = std::move(role)};
}

// One layer's header, read by a qemu-img that can see this layer's own files only.
ImageInfo inspect(const Chain& one) {
  const std::string name = base::printable(one.top().path);
  const LayerRange layer{.first = 0, .count = 1};
  base::Confinement fence;
  for (const VettedFile& file : verified_files(one, layer))
    fence.read_paths.push_back(file.path);
  fence.memory_max = kInfoMemoryMax;
  const auto result = base::run({.argv = {"qemu-img", "info", "--output=json", read_only_graph(one, layer)},
                                 .environment = {"LC_ALL=C"},
                                 .confinement = fence},
                                kInfoPatience, kImageInfoBytesMax);
  if (!result.status.success())
    throw Error(ErrorKind::corrupt, "open", name, base::last_line(result.err));
  try {
    return parse_image_info(result.out);
  } catch (const Error& error) {
    throw error.within("open", name);
  }
}

class ChainResolver {
 public:
  ChainResolver(const Policy& policy, const RecallHeader& recall) : policy_(policy), recall_(recall) {}

  Chain resolve(Pending next) && {
    std::optional<Pending> pending = std::move(next);
    while (pending)
      pending = add(*pending);
    return std::move(chain_);
  }

 private:
  // Appends one layer; returns what lies below it.
  std::optional<Pending> add(const Pending& pending) {
    const VettedFile vetted = vet(pending);
    check_new(vetted);
    const base::File file = open_vetted(vetted);
    const auto status = file.stat();
    Chain one;
    one.layers.push_back({.path = vetted.path.string(),
                          .format = settle_format(file, pending.format),
                          .virtual_size = byte_size(file),
                          .allocated = ByteCount(static_cast<std::uint64_t>(status.st_blocks) * kStatBlockBytes),
                          .identity = vetted.identity});
    one.parts.push_back(
        {.block_device = S_ISBLK(status.st_mode), .backing = {}, .extents = {}, .data_file = {}, .bitmaps = {}});
    if (one.top().format != "raw" && !recall(one, vetted))
      examine(one, file, pending.path);
    if (one.size() > kVirtualSizeMax)
      throw Error(ErrorKind::limit, "open", base::printable(one.top().path),
                  fmt::format("it is {} bytes large", one.size().value));
    std::optional<Pending> below;
    if (const auto& backing = one.parts.front().backing) {
      below = reference(backing->name, pending.path, "backing file");
      below->format = backing->format;
    }
    chain_.layers.push_back(std::move(one.layers.front()));
    chain_.parts.push_back(std::move(one.parts.front()));
    return below;
  }

  bool recall(Chain& one, const VettedFile& vetted) const {
    const auto known = recall_ ? recall_(vetted, one.top().format) : std::nullopt;
    if (!known)
      return false;
    one.layers.front().virtual_size = known->virtual_size;
    one.parts.front().backing = known->backing;
    one.parts.front().bitmaps = known->bitmaps;
    return true;
  }

  // Fills in what the header says.
  void examine(Chain& one, const base::File& file, const fs::path& named) const {
    model::Layer& layer = one.layers.front();
    LayerParts& parts = one.parts.front();
    if (layer.format == "vmdk")
      for (const std::string& name : vmdk_extents(vmdk_descriptor(file)))
        parts.extents.push_back(vet(reference(name, named, "extent")));
    const ImageInfo info = inspect(one);
    if (info.encrypted)
      throw Error(ErrorKind::unsupported, "open", base::printable(layer.path), "it is encrypted by QEMU",
                  "decrypt it with qemu-img convert");
    layer.virtual_size = info.virtual_size;
    parts.bitmaps = info.bitmaps;
    if (info.data_file)
      parts.data_file = vet(reference(*info.data_file, named, "data file"));
    if (info.backing)
      parts.backing = BackingName{.name = *info.backing, .format = info.backing_format};
  }

  VettedFile vet(const Pending& pending) const { return vet_file(pending.path, policy_, pending.role); }

  void check_new(const VettedFile& vetted) const {
    if (chain_.layers.size() >= kChainDepthMax)
      throw Error(ErrorKind::limit, "open", base::printable(vetted.path.string()),
                  fmt::format("its backing chain has more than {} layers", kChainDepthMax));
    for (const auto& layer : chain_.layers)
      if (layer.identity.device == vetted.identity.device && layer.identity.inode == vetted.identity.inode)
        throw Error(ErrorKind::corrupt, "open", base::printable(vetted.path.string()),
                    "its backing chain leads back to itself");
  }

  const Policy& policy_;
  const RecallHeader& recall_;
  Chain chain_;
};

}  // namespace

Chain resolve_chain(const ImageSource& source, const Policy& policy, const RecallHeader& recall) {
  return ChainResolver(policy, recall).resolve({fs::absolute(source.path), source.format, ""});
}

}  // namespace jaunt::disk
