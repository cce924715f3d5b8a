#include "engine/still_disks.hpp"

#include <memory>
#include <utility>

#include <fmt/format.h>

#include "base/hash.hpp"
#include "base/version.hpp"
#include "disk/identity.hpp"
#include "disk/nbd_server.hpp"
#include "engine/inspection.hpp"

namespace jaunt::engine {

using base::Error;

namespace {

ReadDisk as_read(const StillDisk& disk, chunkstore::LayerTree tree, const model::ExtentSet& elided) {
  const auto file = std::make_shared<chunkstore::LayerFile>(std::move(tree.tree));
  return {.index = disk.index,
          .tree = std::shared_ptr<const model::TreeView>(file, &file->view()),
          .elided = elided,
          .chain = disk.chain};
}

bool read_blocks(model::Description& description, const StillDisk& still, const model::ExtentSet& elidable,
                 const DescribeOptions& options, chunkstore::Catalog& catalog, const Workplace& workplace,
                 std::vector<ReadDisk>& read) {
  model::Disk& disk = description.disks[still.index];
  const disk::Chain& chain = still.chain;
  if (options.fresh)
    for (const model::Layer& layer : chain.layers)
      catalog.forget_layer(chunkstore::layer_key(chunkstore::kDefaultRealm, layer.path, layer.format));
  workplace.progress.stage(fmt::format("reading {}", disk.target), chain.size());
  chunkstore::LayerTree tree = catalog.tree_of(chain, {.threads = workplace.config.threads, .elided = elidable},
                                               workplace.progress, workplace.cancel);
  fill_roots(disk, tree.summary);
  const bool changed = tree.changed_meanwhile;
  if (changed)
    description.problems.push_back(
        {disk.source, "it was written to while it was read, so its roots are of no state that ever was"});
  read.push_back(as_read(still, std::move(tree), elidable));
  return !changed;
}

}  // namespace

std::vector<StillDisk> open_disks(model::Description& description, const disk::Policy& policy, bool media) {
  std::vector<StillDisk> opened;
  for (std::size_t i = 0; i < description.disks.size(); ++i) {
    model::Disk& disk = description.disks[i];
    const bool wanted = disk.role == model::DiskRole::disk || (media && disk.read_only);
    if (!wanted || disk.layers.empty())
      continue;
    try {
      disk::Chain chain =
          disk::resolve_chain({.path = disk.layers.front().path,
                               .format = disk.format.empty() ? std::nullopt : std::optional(disk.format)},
                              policy);
      disk.layers = chain.layers;
      disk.format = chain.top().format;
      disk.size = chain.size();
      opened.push_back({i, std::move(chain)});
    } catch (const Error& failure) {
      description.problems.push_back({disk.target, failure.what()});
    }
  }
  return opened;
}

std::string content_key(const model::Description& description, const std::vector<StillDisk>& disks, bool quick,
                        bool inside) {
  std::string text =
      fmt::format("{}\n{}\n{}\n{}\n{}\n{}\n", base::version(), base::revision(), model::kDescriptionVersion,
                  quick ? "quick" : "whole", inside ? "inside" : "outside", description.disks.size());
  for (const StillDisk& disk : disks) {
    text += fmt::format("disk {} {}\n", disk.index, description.disks[disk.index].target);
    for (std::size_t i = 0; i < disk.chain.layers.size(); ++i) {
      const auto identity = disk::memorable_identity(disk.chain, i);
      if (!identity)
        return {};
      text += fmt::format("{} {} {} {} {} {} {}\n", disk.chain.layers[i].format, identity->device, identity->inode,
                          identity->size, identity->mtime_ns, identity->ctime_ns, disk.chain.layers[i].path);
    }
  }
  return "description " + base::to_hex(base::sha256(base::as_bytes(text)));
}

bool read_still(model::Description& description, const std::vector<StillDisk>& disks, const DescribeOptions& options,
                bool tcg, chunkstore::Catalog& catalog, const Workplace& workplace, std::vector<ReadDisk>& read,
                GuestFiles& files) {
  bool whole = true;
  // Runs one step for a disk; what fails is a problem of this disk alone.
  const auto attempt = [&](const StillDisk& disk, const auto& step) {
    try {
      whole = step() && whole;
    } catch (const Error& failure) {
      description.problems.push_back({description.disks[disk.index].target, failure.what()});
      whole = false;
    }
  };
  std::vector<model::ExtentSet> elidable(disks.size());
  {
    std::vector<std::unique_ptr<disk::NbdServer>> servers;
    std::vector<InspectedDisk> drives;
    std::vector<std::size_t> served;
    for (std::size_t i = 0; i < disks.size(); ++i)
      if (description.disks[disks[i].index].role == model::DiskRole::disk)
        attempt(disks[i], [&] {
          servers.push_back(disk::NbdServer::start(disks[i].chain));
          drives.push_back({disks[i].index, servers.back()->address()});
          served.push_back(i);
          return true;
        });
    Inspection inspection = inspect(description, drives, {.tcg = tcg, .in_use = false}, workplace);
    whole = inspection.whole && whole;
    files = std::move(inspection.files);
    for (std::size_t i = 0; i < served.size(); ++i)
      elidable[served[i]] = std::move(inspection.elidable[i]);
  }
  for (std::size_t i = 0; i < disks.size() && !options.quick; ++i) {
    workplace.cancel.check();
    attempt(disks[i],
            [&] { return read_blocks(description, disks[i], elidable[i], options, catalog, workplace, read); });
  }
  return whole;
}

std::optional<std::vector<ReadDisk>> read_known(const model::Description& description,
                                                const std::vector<StillDisk>& disks,
                                                const std::vector<model::ExtentSet>& elided,
                                                chunkstore::Catalog& catalog, const Workplace& workplace) {
  if (elided.size() != disks.size())
    return std::nullopt;
  std::vector<ReadDisk> read;
  for (std::size_t i = 0; i < disks.size(); ++i) {
    const model::Disk& disk = description.disks[disks[i].index];
    workplace.progress.stage(fmt::format("reading {}", disk.target), disks[i].chain.size());
    chunkstore::LayerTree tree =
        catalog.tree_of(disks[i].chain, {.threads = workplace.config.threads, .elided = elided[i]},
                        workplace.progress, workplace.cancel);
    if (tree.changed_meanwhile || tree.summary.root != disk.root || tree.summary.carried_root != disk.carried_root)
      return std::nullopt;
    read.push_back(as_read(disks[i], std::move(tree), elided[i]));
  }
  return read;
}

}  // namespace jaunt::engine
