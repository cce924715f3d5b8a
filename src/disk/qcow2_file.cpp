#include "disk/qcow2_file.hpp"

#include <chrono>
#include <vector>

#include <fmt/format.h>

#include "base/error.hpp"
#include "base/process.hpp"
#include "base/text.hpp"
#include "disk/block_graph.hpp"
#include "disk/identity.hpp"

namespace jaunt::disk {

using namespace std::chrono_literals;
using base::ByteCount;
using base::ByteOffset;
using base::Error;
using base::ErrorKind;

namespace {

constexpr auto kPatience = 60s;
constexpr std::uint64_t kSectorBytes = 512;
constexpr ByteCount kCreateMemoryMax{base::kGiB};
constexpr const char* kAllocation = "base:allocation";
constexpr std::uint32_t kReadsZero = 2;  // of that context

}  // namespace

void make_qcow2(const base::File& file, ByteCount size, const std::optional<Chain>& backing) {
  const std::uint64_t sectors = size.value / kSectorBytes + (size.value % kSectorBytes != 0 ? 1 : 0);
  base::Command command{
      .argv = {"qemu-img", "create", "-q", "-f", "qcow2"}, .environment = {"LC_ALL=C"}, .confinement = {}};
  if (backing) {
    // Unsafe (-u) only in that the backing file is not looked at: it was vetted, and the size is given.
    const std::vector<std::string> thin{"-u", "-b", backing->top().path, "-F", backing->top().format};
    command.argv.insert(command.argv.end(), thin.begin(), thin.end());
  }
  command.argv.push_back(file.path().string());
  command.argv.push_back(fmt::format("{}", sectors * kSectorBytes));
  command.confinement.emplace();
  command.confinement->write_paths.push_back(file.path());
  command.confinement->memory_max = kCreateMemoryMax;
  const auto result = base::run(command, kPatience, ByteCount(base::kMiB));
  if (!result.status.success())
    throw Error(ErrorKind::io, "create", file.path().string(), base::last_line(result.err));
}

Qcow2File::Qcow2File(const base::File& file, const std::string& name, const std::optional<Chain>& backing) {
  QemuNbd::Setup setup{.name = name,
                       .graph = writable_qcow2_graph(file.path(), backing ? &*backing : nullptr),
                       .readable = {},
                       .writable = {{.path = file.path(), .identity = identify(file)}},
                       .arguments = {},
                       .folder = {},
                       .patience = kPatience};
  if (backing)
    setup.readable = verified_files(*backing, {.first = 0, .count = backing->layers.size()});
  server_.emplace(setup);
  connection_.emplace(server_->address(),
                      NbdConnection::Options{.name = name, .contexts = {kAllocation}, .patience = kPatience});
}

std::optional<model::Extent> Qcow2File::data_from(ByteOffset at) {
  const ByteOffset end(connection_->size().value);
  while (at < end) {
    const auto answer = connection_->status(at, end - at);
    for (const NbdConnection::Status& status : answer.front()) {
      if ((status.flags & kReadsZero) == 0)
        return status.extent;
      at = status.extent.end();
    }
  }
  return std::nullopt;
}

void Qcow2File::finish() {
  connection_->flush();
  connection_.reset();
  server_->finish();
}

}  // namespace jaunt::disk
