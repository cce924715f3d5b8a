// Running domains read through libvirt's backup, with a real QEMU that writes meanwhile.
#include "hypervisor/backup.hpp"

#include <algorithm>
#include <thread>

#include <doctest/doctest.h>

#include "base/error.hpp"
#include "test_domain.hpp"

using namespace jaunt;
using namespace jaunt::hypervisor;
using namespace std::chrono_literals;
using base::Error;
using base::ErrorKind;
namespace fs = std::filesystem;

namespace {

BackupOptions in(const ImageFolder& folder) {
  BackupOptions options;
  options.folder = folder.path() / "backup";
  return options;
}

// Whether the whole disk has this byte everywhere at the instant.
bool reads_all(const BackupDisk& disk, int byte) {
  const auto image = disk::open_nbd(disk.address);
  const auto reader = image->reader();
  base::Bytes buffer(base::kMiB);
  for (std::uint64_t at = 0; at < image->size().value; at += buffer.size()) {
    reader->read(base::ByteOffset(at), buffer);
    if (std::any_of(buffer.begin(), buffer.end(), [&](std::byte b) { return b != std::byte(byte); }))
      return false;
  }
  return true;
}

template <typename Action>
Error error_of(Action&& action) {
  try {
    action();
  } catch (const Error& error) {
    return error;
  }
  FAIL("no error");
  return Error(ErrorKind::io, "", "", "");
}

// Waits until the backup says why it was lost.
Error loss_of(const Backup& backup) {
  const auto deadline = std::chrono::steady_clock::now() + 20s;
  while (std::chrono::steady_clock::now() < deadline) {
    try {
      backup.check();
    } catch (const Error& error) {
      return error;
    }
    std::this_thread::sleep_for(20ms);
  }
  FAIL("the backup is still there");
  return Error(ErrorKind::io, "", "", "");
}

bool has_backup_job(const TestDomain& domain) {
  return run_program({"virsh", "-q", "-c", test_uri(), "backup-dumpxml", domain.name()}).status.success();
}

bool contains(const std::string& text, const std::string& part) {
  return text.find(part) != std::string::npos;
}

// A backup as another tool would begin it.
void others_backup(const TestDomain& domain, const ImageFolder& folder, const std::string& more = "") {
  const auto place = folder.path() / "other";
  fs::create_directory(place);
  fs::permissions(place, fs::perms(0777));
  const auto request = folder / "other.xml";
  base::write_text_file(request, fmt::format("<domainbackup mode='pull'>{}<server transport='unix' socket='{}/s'/>"
                                             "<disks><disk name='vda' type='file'><scratch file='{}/f'/></disk>"
                                             "</disks></domainbackup>",
                                             more, place.string(), place.string()));
  virsh({"backup-begin", domain.name(), request});
}

}  // namespace

TEST_CASE("Disks are read as of one instant while the guest goes on writing") {
  const ImageFolder folder;
  TestDomain domain("instant", folder,
                    disk_xml(folder.image("a.qcow2", "qcow2", 32, 0x11), "qcow2", "vda") +
                        disk_xml(folder.image("b.raw", "raw", 8, 0x22), "raw", "vdb"));
  domain.create();
  Backup backup = Backup::begin(domain.get(), in(folder));
  REQUIRE(backup.disks().size() == 2);
  CHECK(backup.disks()[0].target == "vda");
  CHECK_FALSE(backup.frozen());
  CHECK(backup.consistency() == "as after a loss of power: no guest agent answers");
  std::thread guest([&] {
    for (int i = 0; i < 4; ++i)
      domain.guest_writes(0, 0x33, fmt::format("{}M 8M", 8 * i));
    domain.guest_writes(1, 0x44, "0 8M");
  });
  CHECK(reads_all(backup.disks()[0], 0x11));
  guest.join();
  CHECK(reads_all(backup.disks()[0], 0x11));
  CHECK(reads_all(backup.disks()[1], 0x22));
  CHECK(backup.scratch_used().value >= 40 * base::kMiB);
  backup.finish();
  CHECK_FALSE(has_backup_job(domain));
  CHECK_FALSE(fs::exists(in(folder).folder));

  Backup later = Backup::begin(domain.get(), in(folder));
  CHECK(reads_all(later.disks()[0], 0x33));
  CHECK(reads_all(later.disks()[1], 0x44));
  later.finish();
}

TEST_CASE("Only disks that the guest can write to are part of a backup") {
  const ImageFolder folder;
  const std::string cdrom = "<disk type='file' device='cdrom'><driver name='qemu' type='raw'/><source file='" +
                            folder.image("seed.iso", "raw", 1) +
                            "'/><target dev='sda' bus='sata'/><readonly/></disk>";
  const std::string empty = "<disk type='file' device='cdrom'><target dev='sdb' bus='sata'/><readonly/></disk>";
  TestDomain domain("writable", folder,
                    disk_xml(folder.image("a.qcow2", "qcow2", 1), "qcow2", "vda") +
                        disk_xml(folder.image("r.raw", "raw", 1), "raw", "vdb", "<readonly/>") + cdrom + empty);
  domain.create();
  Backup backup = Backup::begin(domain.get(), in(folder));
  REQUIRE(backup.disks().size() == 1);
  CHECK(backup.disks()[0].target == "vda");
}

TEST_CASE("A backup whose scratch files reach their limit is cancelled and the guest's writes succeed") {
  const ImageFolder folder;
  const auto image = folder.image("a.qcow2", "qcow2", 64, 0x11);
  TestDomain domain("limit", folder, disk_xml(image, "qcow2", "vda"));
  domain.create();
  auto options = in(folder);
  options.scratch_bytes_max = base::ByteCount(4 * base::kMiB);
  Backup backup = Backup::begin(domain.get(), options);
  for (int i = 0; i < 32; ++i)
    domain.guest_writes(0, 0x55, fmt::format("{}M 2M", 2 * i));
  const Error lost = loss_of(backup);
  CHECK(lost.kind() == ErrorKind::no_space);
  CHECK(contains(lost.what(), options.folder.string()));
  CHECK(contains(lost.what(), "limit of 4.00 MiB"));
  CHECK_FALSE(lost.remedy().empty());
  CHECK(error_of([&] { backup.finish(); }).kind() == ErrorKind::no_space);
  CHECK_FALSE(has_backup_job(domain));
  CHECK_FALSE(fs::exists(options.folder));
  virsh({"destroy", domain.name()});
  must_run({"qemu-io", "-f", "qcow2", "-c", "read -P 0x55 0 64M", image});
  must_run({"qemu-img", "check", "-q", image});
}

TEST_CASE("A backup is cancelled before its disk is full, and refused when there is no room to begin with") {
  const ImageFolder folder;
  const base::TemporaryDirectory memory("/dev/shm");
  fs::permissions(memory.path(), fs::perms(0711));
  TestDomain domain("room", folder, disk_xml(folder.image("a.raw", "raw", 64, 0x11), "raw", "vda"));
  domain.create();
  BackupOptions options;
  options.folder = memory.path() / "backup";
  const base::ByteCount free(fs::space(memory.path()).available);
  options.keep_free = free;
  CHECK(error_of([&] { Backup::begin(domain.get(), options); }).kind() == ErrorKind::no_space);
  CHECK_FALSE(fs::exists(options.folder));
  options.keep_free = free - base::ByteCount(16 * base::kMiB);
  Backup backup = Backup::begin(domain.get(), options);
  domain.guest_writes(0, 0x66, "0 64M");
  const Error lost = loss_of(backup);
  CHECK(lost.kind() == ErrorKind::no_space);
  CHECK(contains(lost.what(), "left free"));
}

TEST_CASE("A domain that another tool backs up is busy and its backup goes on") {
  const ImageFolder folder;
  TestDomain domain("busy", folder, disk_xml(folder.image("a.qcow2", "qcow2", 8, 0x11), "qcow2", "vda"));
  domain.create();
  others_backup(domain, folder);
  const Error busy = error_of([&] { Backup::begin(domain.get(), in(folder)); });
  CHECK(busy.kind() == ErrorKind::busy);
  CHECK(contains(busy.what(), "a backup by another tool, served at " + (folder / "other/s")));
  CHECK_FALSE(fs::exists(in(folder).folder));
  abandon_backup(Connection::open(test_uri()), domain.get().uuid(), in(folder).folder);
  CHECK(has_backup_job(domain));
}

TEST_CASE("A domain with a block job is busy and the job is named") {
  const ImageFolder folder;
  TestDomain domain("blockjob", folder, disk_xml(folder.image("a.qcow2", "qcow2", 8, 0x11), "qcow2", "vda"));
  domain.create();
  virsh({"blockcopy", domain.name(), "vda", "--dest", folder / "copy.qcow2", "--format", "qcow2", "--bandwidth", "1",
         "--bytes"});
  const Error busy = error_of([&] { Backup::begin(domain.get(), in(folder)); });
  CHECK(busy.kind() == ErrorKind::busy);
  CHECK(contains(busy.what(), "a block copy of vda"));
}

TEST_CASE("An instant that is lost is told, whoever ended it") {
  const ImageFolder folder;
  TestDomain domain("lost", folder, disk_xml(folder.image("a.qcow2", "qcow2", 8, 0x11), "qcow2", "vda"));
  domain.create();
  {
    Backup backup = Backup::begin(domain.get(), in(folder));
    virsh({"domjobabort", domain.name()});
    CHECK(contains(loss_of(backup).what(), "somebody else ended its backup job"));
    CHECK(contains(error_of([&] { backup.finish(); }).what(), "somebody else ended"));
  }
  CHECK_FALSE(fs::exists(in(folder).folder));
  {
    Backup backup = Backup::begin(domain.get(), in(folder));
    virsh({"destroy", domain.name()});
    const Error lost = loss_of(backup);
    CHECK(lost.kind() == ErrorKind::hypervisor);
    CHECK(contains(lost.what(), "the domain stopped"));
  }
  CHECK_FALSE(fs::exists(in(folder).folder));
}

TEST_CASE("Another tool's checkpoints survive a backup and stay usable") {
  const ImageFolder folder;
  TestDomain domain("checkpoint", folder, disk_xml(folder.image("a.qcow2", "qcow2", 8, 0x11), "qcow2", "vda"));
  domain.define().start();
  virsh({"checkpoint-create-as", domain.name(), "theirs"});
  Backup::begin(domain.get(), in(folder)).finish();
  CHECK(domain.get().hardware().checkpoints == std::vector<std::string>{"theirs"});
  others_backup(domain, folder, "<incremental>theirs</incremental>");
  CHECK(has_backup_job(domain));
}

TEST_CASE("A domain that is shut off, or has nothing to write to, is not backed up") {
  const ImageFolder folder;
  TestDomain domain("none", folder, disk_xml(folder.image("r.raw", "raw", 1), "raw", "vda", "<readonly/>"));
  domain.define();
  CHECK(contains(error_of([&] { Backup::begin(domain.get(), in(folder)); }).what(), "does not run"));
  domain.start();
  CHECK(contains(error_of([&] { Backup::begin(domain.get(), in(folder)); }).what(), "no disk"));
  CHECK_FALSE(fs::exists(in(folder).folder));
}

TEST_CASE("A scratch folder that cannot be used is refused by name") {
  const ImageFolder folder;
  TestDomain domain("closed", folder, disk_xml(folder.image("a.raw", "raw", 1), "raw", "vda"));
  domain.create();
  const auto closed = folder.path() / "closed";
  fs::create_directory(closed);
  fs::permissions(closed, fs::perms(0700));
  auto options = in(folder);
  options.folder = closed / "backup";
  const Error shut = error_of([&] { Backup::begin(domain.get(), options); });
  CHECK(shut.kind() == ErrorKind::auth);
  CHECK(contains(shut.what(), "may not enter " + closed.string()));
  CHECK(contains(shut.remedy(), "chmod o+x " + closed.string()));
  options.folder = folder.path() / std::string(100, 'n');
  CHECK(error_of([&] { Backup::begin(domain.get(), options); }).kind() == ErrorKind::limit);
  options.folder = folder.path() / "missing/backup";
  CHECK(error_of([&] { Backup::begin(domain.get(), options); }).kind() == ErrorKind::not_found);
}

// Run by the case below as a process of its own.
TEST_CASE("As a process that is killed: begin a backup and wait" * doctest::skip()) {
  const auto domain = Connection::open(std::getenv("JAUNT_TEST_URI")).get(std::getenv("JAUNT_TEST_DOMAIN"));
  BackupOptions options;
  options.folder = std::getenv("JAUNT_TEST_FOLDER");
  const Backup backup = Backup::begin(domain, options);
  base::write_text_file(std::string(std::getenv("JAUNT_TEST_FOLDER")) + ".begun", "");
  std::this_thread::sleep_for(60s);
}

TEST_CASE("What a killed process left of a backup is cleaned up at the next start") {
  const ImageFolder folder;
  TestDomain domain("killed", folder, disk_xml(folder.image("a.qcow2", "qcow2", 8, 0x11), "qcow2", "vda"));
  domain.create();
  const auto scratch = in(folder).folder;
  auto process =
      base::Child::start({.argv = {"/proc/self/exe", "--no-skip", "--test-case=As a process that is killed*"},
                          .environment = {"JAUNT_TEST_URI=" + test_uri(), "JAUNT_TEST_DOMAIN=" + domain.name(),
                                          "JAUNT_TEST_FOLDER=" + scratch.string()},
                          .confinement = {}},
                         {});
  while (!fs::exists(scratch.string() + ".begun") && !process.poll())
    std::this_thread::sleep_for(10ms);
  process.kill();
  REQUIRE(has_backup_job(domain));
  REQUIRE(fs::exists(scratch));
  domain.guest_writes(0, 0x77, "0 8M");

  const auto connection = Connection::open(test_uri());
  abandon_backup(connection, domain.get().uuid(), scratch);
  CHECK_FALSE(has_backup_job(domain));
  CHECK_FALSE(fs::exists(scratch));
  abandon_backup(connection, domain.get().uuid(), scratch);
  Backup backup = Backup::begin(domain.get(), in(folder));
  CHECK(reads_all(backup.disks()[0], 0x77));
}
