#include "disk/qcow2_file.hpp"

#include <algorithm>
#include <chrono>
#include <utility>
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
constexpr std::uint64_t kAheadMax = base::kGiB;
constexpr const char* kDepth = "qemu:allocation-depth";
constexpr std::uint32_t kTopDepth = 1;  // of that context: in the file itself; more in its backing

void run_qemu_img(std::vector<std::string> argv, const base::File& file, const char* operation) {
  base::Command command{.argv = std::move(argv), .environment = {"LC_ALL=C"}, .confinement = {}};
  command.confinement.emplace();
  command.confinement->write_paths.push_back(file.path());
  command.confinement->memory_max = kCreateMemoryMax;
  const auto result = base::run(command, kPatience, ByteCount(base::kMiB));
  if (!result.status.success())
    throw Error(ErrorKind::io, operation, file.path().string(), base::last_line(result.err));
}

}  // namespace

void make_qcow2(const base::File& file, ByteCount size, const std::optional<Chain>& backing) {
  const std::uint64_t sectors = size.value / kSectorBytes + (size.value % kSectorBytes != 0 ? 1 : 0);
  std::vector<std::string> argv{"qemu-img", "create", "-q", "-f", "qcow2"};
  if (backing) {
    // Unsafe (-u) only in that the backing file is not looked at: it was vetted, and the size is given.
    const std::vector<std::string> thin{"-u", "-b", backing->top().path, "-F", backing->top().format};
    argv.insert(argv.end(), thin.begin(), thin.end());
  }
  argv.push_back(file.path().string());
  argv.push_back(fmt::format("{}", sectors * kSectorBytes));
  run_qemu_img(std::move(argv), file, "create");
}

void set_backing(const base::File& file, const std::optional<Chain>& backing) {
  std::vector<std::string> argv{"qemu-img", "rebase", "-q", "-u", "-f", "qcow2", "-b"};
  if (backing) {
    const std::vector<std::string> named{backing->top().path, "-F", backing->top().format};
    argv.insert(argv.end(), named.begin(), named.end());
  } else {
    argv.emplace_back("");
  }
  argv.push_back(file.path().string());
  run_qemu_img(std::move(argv), file, "go on with");
}

Qcow2File::Qcow2File(const base::File& file, const std::string& name, const std::optional<Chain>& backing) {
  QemuNbd::Setup setup{.name = name,
                       .graph = writable_qcow2_graph(file.path(), backing ? &*backing : nullptr),
                       .readable = {},
                       .writable = {{.path = file.path(), .identity = identify(file)}},
                       .arguments = {},
                       .folder = {},
                       .patience = kPatience};
  NbdConnection::Options options{.name = name, .contexts = {kAllocation}, .patience = kPatience};
  if (backing) {
    setup.readable = verified_files(*backing, {.first = 0, .count = backing->layers.size()});
    setup.arguments.emplace_back("--allocation-depth");
    options.contexts.emplace_back(kDepth);
  }
  server_.emplace(setup);
  connection_.emplace(server_->address(), options);
}

std::optional<model::Extent> Qcow2File::data_from(ByteOffset at) {
  const ByteOffset end(connection_->size().value);
  // QEMU looks through all that it is asked about, also when the first byte would do.
  for (std::uint64_t ahead = base::kMiB; at < end; ahead = std::min(2 * ahead, kAheadMax)) {
    const auto answer = connection_->status(at, std::min(end - at, ByteCount(ahead)));
    for (const NbdConnection::Status& status : answer.front()) {
      if ((status.flags & kReadsZero) == 0)
        return status.extent;
      at = status.extent.end();
    }
  }
  return std::nullopt;
}

ByteCount Qcow2File::referenced() {
  ByteCount sum;
  const ByteOffset end(connection_->size().value);
  for (ByteOffset at; connection_->has_context(kDepth) && at < end;) {
    const auto answer = connection_->status(at, end - at);
    auto data = answer[0].begin();
    auto depth = answer[1].begin();
    while (data != answer[0].end() && depth != answer[1].end()) {
      const ByteOffset until = std::min(data->extent.end(), depth->extent.end());
      if (depth->flags > kTopDepth && (data->flags & kReadsZero) == 0)
        sum += until - at;
      at = until;
      data += data->extent.end() == until ? 1 : 0;
      depth += depth->extent.end() == until ? 1 : 0;
    }
  }
  return sum;
}

void Qcow2File::finish() {
  connection_->flush();
  connection_.reset();
  server_->finish();
}

}  // namespace jaunt::disk
