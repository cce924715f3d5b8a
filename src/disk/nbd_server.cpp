#include "disk/nbd_server.hpp"

#include "base/error.hpp"
#include "base/text.hpp"
#include "disk/block_graph.hpp"
#include "disk/qemu_nbd.hpp"

namespace jaunt::disk {

namespace {

LayerRange served_layers(const Chain& chain, const NbdServerOptions& options) {
  if (!options.only_layer)
    return {.first = 0, .count = chain.layers.size()};
  base::invariant(*options.only_layer < chain.layers.size(), "a chain has the layer that is served");
  return {.first = *options.only_layer, .count = 1};
}

}  // namespace

std::unique_ptr<NbdServer> NbdServer::start(const Chain& chain, const NbdServerOptions& options) {
  const LayerRange range = served_layers(chain, options);
  QemuNbd::Setup setup{.name = base::printable(chain.layers[range.first].path),
                       .graph = read_only_graph(chain, range),
                       .readable = verified_files(chain, range),
                       .writable = {},
                       .arguments = {"--read-only", "--allocation-depth"},
                       .folder = options.folder,
                       .patience = options.patience};
  for (const std::string& bitmap : options.bitmaps)
    setup.arguments.push_back("--bitmap=" + bitmap);
  auto process = std::make_unique<QemuNbd>(setup);
  if (options.client)
    process->admit(*options.client);
  return std::unique_ptr<NbdServer>(new NbdServer(std::move(process)));
}

NbdServer::NbdServer(std::unique_ptr<QemuNbd> process) : process_(std::move(process)) {}
NbdServer::~NbdServer() = default;

const NbdAddress& NbdServer::address() const {
  return process_->address();
}

pid_t NbdServer::pid() const {
  return process_->pid();
}

std::optional<std::string> NbdServer::obituary(std::chrono::milliseconds patience) const {
  return process_->obituary(patience);
}

}  // namespace jaunt::disk
