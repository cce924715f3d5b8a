// Two paired nodes, of which one has a domain that runs and writes all the while.
#pragma once

#include <atomic>
#include <functional>
#include <mutex>
#include <thread>

#include "integration/hypervisor/test_domain.hpp"
#include "integration/paired_scene.hpp"
#include "support/cut_link.hpp"
#include "support/served_home.hpp"
#include "support/soon.hpp"
#include "support/teleport_scene.hpp"

namespace jaunt::test_support {

// A guest that writes one block after another, now to this disk, now to that one. What the disks are as of any
// instant is what some number of first writes made of them.
class WritingGuest {
 public:
  WritingGuest(const hypervisor::TestDomain& domain, std::vector<fs::path> disks)
      : domain_(domain), disks_(std::move(disks)) {
    for (const fs::path& disk : disks_)
      before_.push_back(content(disk));
  }
  ~WritingGuest() { stop(); }
  WritingGuest(const WritingGuest&) = delete;
  WritingGuest& operator=(const WritingGuest&) = delete;

  void begin() {
    thread_ = std::thread([this] {
      for (std::size_t n = 0; !over_ && write(n); ++n)
        written_ = n + 1;
      over_ = true;
    });
  }
  void stop() {
    over_ = true;
    if (thread_.joinable())
      thread_.join();
  }
  bool writes() const { return !over_; }
  std::size_t written() const { return written_; }

  // How many first writes made of the disks what lies in these files; nullopt where no number did.
  std::optional<std::size_t> instant_of(const std::vector<fs::path>& files) const {
    std::vector<std::string> there;
    std::size_t wrong = 0;  // blocks
    for (std::size_t disk = 0; disk < files.size(); ++disk) {
      there.push_back(content(files[disk]));
      if (there[disk].size() != before_[disk].size())
        return std::nullopt;
      for (std::size_t block = 0; block < blocks_of(disk); ++block)
        wrong += part(there[disk], block) != part(before_[disk], block) ? 1 : 0;
    }
    std::vector<std::string> then = before_;
    for (std::size_t n = 0; wrong != 0; ++n) {
      if (n == written_ + 1)  // the last one may have been made without being counted
        return std::nullopt;
      const auto [disk, block, fill] = nth(n);
      const std::string now(kBlock, static_cast<char>(fill));
      const bool was_right = part(there[disk], block) == part(then[disk], block);
      const bool is_right = part(there[disk], block) == now;
      wrong = wrong + (was_right ? 1 : 0) - (is_right ? 1 : 0);
      then[disk].replace(block * kBlock, kBlock, now);
      if (wrong == 0)
        return n + 1;
    }
    return 0;
  }

 private:
  struct Write {
    std::size_t disk;
    std::size_t block;
    int fill;
  };
  std::size_t blocks_of(std::size_t disk) const { return before_[disk].size() / kBlock; }
  static std::string_view part(const std::string& disk, std::size_t block) {
    return std::string_view(disk).substr(block * kBlock, kBlock);
  }
  // Each changes its block, all over the upper halves: what is placed of the lower ones stays right.
  Write nth(std::size_t n) const {
    const std::size_t disk = n % before_.size();
    const std::size_t half = blocks_of(disk) / 2;
    return {.disk = disk, .block = half + n * 7919 % half, .fill = static_cast<int>(1 + n % 255)};
  }
  bool write(std::size_t n) const {
    const auto [disk, block, fill] = nth(n);
    return hypervisor::run_program(
               {"virsh", "-q", "-c", hypervisor::test_uri(), "qemu-monitor-command", domain_.name(), "--hmp",
                fmt::format("qemu-io -d /machine/peripheral/virtio-disk{}/virtio-backend \"write -P {} {} 4k\"", disk,
                            fill, block * kBlock)})
        .status.success();
  }

  const hypervisor::TestDomain& domain_;
  const std::vector<fs::path> disks_;
  std::vector<std::string> before_;
  std::atomic<std::size_t> written_ = 0;
  std::atomic<bool> over_ = false;
  std::thread thread_;
};

struct RunningScene {
  static constexpr std::size_t kOfNobody = 3000;  // blocks that the destination does not have: 12 MB
  static constexpr const char* kSlow = "32Mbit";  // so that they take some seconds

  hypervisor::ImageFolder disks;
  base::TemporaryDirectory folder{"/var/tmp"};
  fs::path scratch = disks.path() / "scratch";
  fs::path here = open_folder(disks.path() / "here");
  std::vector<fs::path> files{image_of(disks.path() / "vda.raw", numbered(1, 1000) + numbered(20'000, kOfNobody)),
                              image_of(disks.path() / "vdb.raw", numbered(9000, 300))};
  ServedHome source{folder.path() / "source", disks.path()};
  ServedHome destination{folder.path() / "destination", disks.path()};
  hypervisor::TestDomain domain{
      "nodes", disks,
      hypervisor::disk_xml(files[0].string(), "raw", "vda") + hypervisor::disk_xml(files[1].string(), "raw", "vdb")};
  std::optional<CutLink> link;
  WritingGuest guest{domain, files};
  hypervisor::Connection libvirt = hypervisor::Connection::open(hypervisor::test_uri());

  explicit RunningScene(const std::vector<std::string>& of_source = {}) {
    source.more_environment = environment();
    source.more_environment.insert(source.more_environment.begin(), of_source.begin(), of_source.end());
    destination.more_environment = environment();
    source.serve();
    link.emplace(source.port());
    const std::string token = source.json({"node", "invite", "--grant", "describe,send"})["token"];
    destination.json({"node", "pair", "--name", "storage", fmt::format("127.0.0.1:{}", link->port())}, token + "\n");
    catalogue(destination.path(), image_of(disks.path() / "base.raw", numbered(1, 1000)), "raw");
    domain.define();
  }

  void run() {
    domain.start();
    guest.begin();
  }
  std::vector<std::string> words(const std::vector<std::string>& options = {"--no-define", "--limit", kSlow}) const {
    std::vector<std::string> all{"teleport", "--json", "--as", copy(), "--to", here.string()};
    all.insert(all.end(), options.begin(), options.end());
    all.push_back(domain.name() + "@storage");
    return all;
  }
  std::string copy() const { return domain.name() + "-copy"; }
  std::vector<fs::path> targets() const { return {here / (copy() + "-vda.raw"), here / (copy() + "-vdb.raw")}; }
  base::Child begin() const { return destination.begin(words(), output()); }
  std::string said() const { return content(output()); }
  fs::path output() const { return folder.path() / "output"; }
  base::Captured resume() const {
    const Json job = destination.json({"job", "list"});
    CHECK(job["resumable"] == true);
    return destination.jaunt({"job", "resume", "--json", job["id"]});
  }
  void serve_again() { source.serve(fmt::format("127.0.0.1:{}", source.port())); }

  // Of the larger disk, by now.
  std::uint64_t placed() const {
    for (const auto& entry : fs::directory_iterator(here))
      if (entry.path().filename().string().starts_with("." + copy() + "-vda"))
        return allocated(entry.path());
    return 0;
  }
  void wait_for_half() const {
    INFO(said());
    REQUIRE(comes_true([&] { return placed() > (1000 + kOfNobody) * kBlock / 2; }));
    REQUIRE(backup_runs());
  }

  bool backup_runs() const {
    return hypervisor::run_program({"virsh", "-q", "-c", hypervisor::test_uri(), "backup-dumpxml", domain.name()})
        .status.success();
  }
  bool no_scratch() const { return !fs::exists(scratch) || fs::is_empty(scratch); }
  // No backup, no scratch file, no job; and soon, for a session ends when it learns that nobody listens.
  void expect_nothing_left_at_source() const {
    CHECK(comes_true([&] { return !backup_runs() && no_scratch() && fs::is_empty(source.path() / "jobs"); }));
  }
  // The domain runs on, and its disks are what it wrote.
  void expect_good_source() {
    expect_nothing_left_at_source();
    CHECK(guest.writes());
    guest.stop();
    CHECK(hypervisor::virsh({"domstate", domain.name()}).starts_with("running"));
    const auto now = guest.instant_of(files);
    REQUIRE(now);
    CHECK(*now >= guest.written());
  }
  // What arrived is of one instant, which was not before `earliest` writes and not after `latest`.
  void expect_right_disks(std::size_t earliest, std::size_t latest) const {
    const auto instant = guest.instant_of(targets());
    REQUIRE_MESSAGE(instant, "the disks are of no instant that ever was");
    MESSAGE("the disks are as of write ", *instant, ", begun after ", earliest, ", at its end there were ", latest);
    CHECK(*instant >= earliest);
    CHECK(*instant <= latest + 1);
  }

 private:
  static fs::path open_folder(const fs::path& path) {
    fs::create_directory(path);
    fs::permissions(path, fs::perms(0711));
    return path;
  }
  std::vector<std::string> environment() const {
    return {"JAUNT_LIBVIRT_URI=" + hypervisor::test_uri(), "JAUNT_SCRATCH_FOLDER=" + scratch.string(),
            "JAUNT_IMAGES_POOLS=false"};
  }
};

}  // namespace jaunt::test_support
