#include "engine/describe_job.hpp"

#include <algorithm>
#include <cstdlib>
#include <ctime>
#include <filesystem>
#include <utility>

#include <fmt/format.h>
#include <sys/stat.h>
#include <sys/utsname.h>
#include <unistd.h>

#include "base/file.hpp"
#include "base/text.hpp"
#include "chunkstore/catalog.hpp"
#include "disk/open.hpp"
#include "engine/extents_text.hpp"
#include "engine/guest_files.hpp"
#include "engine/job.hpp"
#include "engine/known_packages.hpp"
#include "engine/running_disks.hpp"
#include "engine/still_disks.hpp"
#include "engine/subject.hpp"
#include "hypervisor/kvm.hpp"
#include "model/description_json.hpp"

namespace jaunt::engine {

namespace fs = std::filesystem;
using base::Error;
using base::ErrorKind;

namespace {

constexpr int kStartsMax = 3;  // of a domain while it is read as if it were shut off

// A domain that is shut off.
class WatchedDisks final : public HeldDisks {
 public:
  explicit WatchedDisks(const hypervisor::Domain& domain) : name_(domain.name()), watch_(domain) {}

  bool started() const { return watch_.started(); }
  void check() const override {
    if (started())
      throw Error(ErrorKind::busy, "read the disks of", "domain " + base::printable(name_),
                  "it was started while they were read",
                  "try again: the disks of a domain that runs are read as of one instant");
  }

 private:
  std::string name_;
  hypervisor::DomainWatch watch_;
};

// The QEMU that the appliance runs in.
fs::path appliance_emulator() {
  utsname host{};
  ::uname(&host);
  const char* const path = std::getenv("PATH");
  std::string_view rest = path == nullptr ? "/usr/bin" : path;
  while (!rest.empty()) {
    const auto end = std::min(rest.find(':'), rest.size());
    const fs::path program = fs::path(rest.substr(0, end)) / fmt::format("qemu-system-{}", host.machine);
    if (::access(program.c_str(), X_OK) == 0)
      return program;
    rest.remove_prefix(std::min(end + 1, rest.size()));
  }
  return {};
}

class DescribeJob {
 public:
  DescribeJob(const std::string& name, const DescribeOptions& options, const Workplace& workplace)
      : options_(options),
        workplace_(workplace),
        libvirt_(workplace.config.libvirt_uri),
        catalog_(workplace.home.path()),
        subject_(resolve_subject(name, options.format, libvirt_)) {}

  Described run() {
    for (int start = 0; start < kStartsMax; ++start) {
      begin();
      if (subject_.domain && subject_.domain->active())
        return running();
      if (auto described = still())
        return std::move(*described);
      workplace_.progress.note(
          fmt::format("{} was started while it was read; it is read again as a running VM", subject_.name));
    }
    throw Error(ErrorKind::busy, "describe", subject_.name, "it starts and stops all the time",
                "try again when it has settled");
  }

 private:
  // What libvirt, or the image's name, tells.
  void begin() {
    description_ = {};
    description_.subject = subject_.name;
    if (subject_.domain) {
      description_.hardware = subject_.domain->hardware();
      description_.disks = subject_.domain->disks(description_.problems);
    } else {
      model::Disk& disk = description_.disks.emplace_back();
      disk.target = "disk0";
      disk.source = subject_.image.path.string();
      disk.source_type = fs::is_block_file(subject_.image.path) ? "block" : "file";
      disk.format = subject_.image.format.value_or("");
      disk.layers.emplace_back().path = disk.source;
    }
  }

  Described running() {
    const auto disks =
        open_disks(description_, image_policy(workplace_.config, libvirt_), options_.media);  // for their layers
    return read_running(description_, *subject_.domain, disks, options_, tcg(), workplace_);
  }

  // nullopt when the domain was started meanwhile.
  std::optional<Described> still() {
    std::shared_ptr<const WatchedDisks> watch;
    if (subject_.domain)
      watch = std::make_shared<WatchedDisks>(*subject_.domain);
    const std::size_t known_problems = description_.problems.size();
    const disk::Policy policy = image_policy(workplace_.config, libvirt_);
    if (!subject_.domain)
      disk::resolve_chain(subject_.image, policy);  // for an image alone a refusal is not a problem but the end
    const auto disks = open_disks(description_, policy, options_.media);
    const std::string key = key_of(disks);
    const bool refused = description_.problems.size() > known_problems;
    Described result{.as_of = std::time(nullptr)};
    if (options_.hold)
      result.held = watch;
    if (!options_.fresh && !key.empty() && !refused && recall(key, disks, result.disks)) {
      result.files = recall_files(key);
      result.description = std::move(description_);
      result.from_cache = true;
      return result;
    }
    GuestFiles files;
    const bool whole = read_still(description_, disks, options_, tcg(), catalog_, workplace_, result.disks, files);
    result.files = std::make_shared<const GuestFiles>(std::move(files));
    if (watch && watch->started())
      return std::nullopt;
    // Nobody may have written to a file since its identity was taken.
    if (whole && !refused && !key.empty() && key_of(disks) == key)
      keep(key, result.disks, *result.files);
    result.description = std::move(description_);
    result.incomplete = !whole || refused;
    return result;
  }

  std::string key_of(const std::vector<StillDisk>& disks) const {
    return content_key(description_, disks, options_.quick, workplace_.config.appliance_use);
  }

  // What is elided is kept beside the description, in the order of the disks.
  static std::string elided_key(const std::string& key) { return "elided " + key; }
  static std::string files_key(const std::string& key) { return "files " + key; }

  void keep(const std::string& key, const std::vector<ReadDisk>& read, const GuestFiles& files) {
    catalog_.put_note(key, model::to_json(description_));
    std::vector<model::ExtentSet> elided;
    for (const ReadDisk& disk : read)
      elided.push_back(disk.elided);
    if (const std::string text = to_text(elided); text.size() <= catalog_.kNoteBytesMax)
      catalog_.put_note(elided_key(key), text);
    if (const auto note = to_note(files, catalog_.kNoteBytesMax))
      catalog_.put_note(files_key(key), *note);
    for (const model::OperatingSystem& system : description_.systems)
      for (const model::Disk& disk : description_.disks)
        if (!disk.layers.empty())
          note_packages(catalog_, disk.layers.front().path, system.packages);
  }

  std::shared_ptr<const GuestFiles> recall_files(const std::string& key) const {
    const auto note = options_.with_trees ? catalog_.note(files_key(key)) : std::nullopt;
    auto files = note ? guest_files_from_note(*note) : std::nullopt;
    return files ? std::make_shared<const GuestFiles>(std::move(*files)) : nullptr;
  }

  // The guest and the disks as they were kept; the machine around them is as libvirt tells it now.
  bool recall(const std::string& key, const std::vector<StillDisk>& disks, std::vector<ReadDisk>& read) {
    const auto note = catalog_.note(key);
    if (!note)
      return false;
    try {
      model::Description kept = model::description_from_json(*note);
      if (options_.with_trees) {
        const auto elided = catalog_.note(elided_key(key));
        auto known =
            elided ? read_known(kept, disks, extents_from_text(*elided), catalog_, workplace_) : std::nullopt;
        if (!known)
          return false;
        read = std::move(*known);
      }
      kept.subject = description_.subject;
      kept.hardware = description_.hardware;
      description_ = std::move(kept);
      return true;
    } catch (const Error&) {
      return false;  // it is only a cache
    }
  }

  // Whether KVM is known not to work; found out once per boot and emulator.
  bool tcg() {
    if (!workplace_.config.appliance_use)
      return true;
    const fs::path emulator = appliance_emulator();
    struct stat status {};
    if (emulator.empty() || ::stat(emulator.c_str(), &status) != 0)
      return false;
    const std::string boot = base::read_text_file("/proc/sys/kernel/random/boot_id", base::ByteCount(100));
    const std::string key = fmt::format("kvm {} {} {}", boot, emulator.string(), status.st_mtime);
    if (const auto known = catalog_.note(key))
      return *known != "usable";
    workplace_.progress.stage("trying KVM", {});
    const hypervisor::KvmProbe probe = hypervisor::probe_kvm(emulator, workplace_.cancel);
    if (!probe.usable)
      workplace_.progress.note(fmt::format("KVM is not usable here ({}), so looking inside takes longer", probe.why));
    catalog_.put_note(key, probe.usable ? "usable" : "unusable");
    return !probe.usable;
  }

  const DescribeOptions& options_;
  const Workplace& workplace_;
  Libvirt libvirt_;
  chunkstore::Catalog catalog_;
  Subject subject_;
  model::Description description_;
};

}  // namespace

std::unique_ptr<disk::Image> open_disk(const ReadDisk& disk) {
  return disk.served ? disk::open_nbd(*disk.served) : disk::open_image(disk.chain);
}

void clean_up_after_others(const Workplace& workplace) {
  for (const Recovered& job : recover(workplace.home, abandon)) {
    workplace.progress.note(fmt::format("cleaned up after a job that was killed ({} {})", job.kind, job.subject));
    for (const std::string& left : job.left)
      workplace.progress.note("what it left stays for now: " + left);
  }
}

Described describe(const std::string& subject, const DescribeOptions& options, const Workplace& workplace) {
  clean_up_after_others(workplace);
  return DescribeJob(subject, options, workplace).run();
}

}  // namespace jaunt::engine
