#include "guest_images.hpp"

#include <chrono>
#include <fstream>
#include <thread>

#include <doctest/doctest.h>
#include <fcntl.h>
#include <unistd.h>

#include "base/sandbox.hpp"

namespace jaunt::test_support {

namespace fs = std::filesystem;
using namespace std::chrono_literals;
using base::ByteCount;
using base::ByteOffset;

std::string run_tool(std::vector<std::string> argv) {
  const std::string name = argv[0];
  const auto result =
      base::run({.argv = std::move(argv), .environment = {}, .confinement = {}}, 120s, ByteCount(64 * base::kMiB));
  INFO(name << ": " << result.err);
  REQUIRE(result.status.success());
  return result.out;
}

fs::path GuestImages::blank(const std::string& name, ByteCount size) {
  const fs::path path = folder_.path() / name;
  base::File::open(path, O_RDWR | O_CREAT).truncate(size);
  return path;
}

fs::path GuestImages::ext4(const std::string& name, const std::vector<std::string>& options) {
  const fs::path content = folder_.path() / "content";
  if (!fs::exists(content)) {
    fs::create_directories(content / "srv");
    for (int i = 0; i < 40; ++i)
      std::ofstream(content / "srv" / ("file" + std::to_string(i)))
          << std::string(static_cast<std::size_t>(i) * 3000, 'x');
    std::ofstream(content / "srv" / "not\xff\nutf8") << std::string(5000, 'y');
  }
  const fs::path path = blank(name, ByteCount(64 * base::kMiB));
  std::vector<std::string> command{"mke2fs", "-q", "-t", "ext4", "-b", "4096", "-d", content.string()};
  command.insert(command.end(), options.begin(), options.end());
  command.push_back(path.string());
  run_tool(std::move(command));
  return path;
}

fs::path GuestImages::sick_guest(const std::string& name) {
  const fs::path content = folder_.path() / (name + ".content");
  for (const char* folder : {"bin", "etc", "lib", "srv/deep", "usr/bin", "var/lib/dpkg"})
    fs::create_directories(content / folder);
  std::ofstream(content / "etc/debian_version") << "12.5\n";
  std::ofstream(content / "etc/os-release") << "ID=debian\nNAME=\"Debian GNU/Linux\"\nVERSION_ID=\"12\"\n";
  std::ofstream(content / "etc/fstab") << "# nothing\n";
  std::ofstream(content / "var/lib/dpkg/status")
      << "Package: whole\nStatus: install ok installed\nVersion: 1.0-1\nArchitecture: all\n\n"
      << "Package: halved\nStatus: install reinstreq half-installed\nVersion: 2:3.0~rc1-1\nArchitecture: amd64\n\n";
  const fs::path path = blank(name, ByteCount(64 * base::kMiB));
  run_tool({"mke2fs", "-q", "-t", "ext4", "-b", "4096", "-d", content.string(), path.string()});
  tamper(path, "link /srv /srv/deep/loop");
  return path;
}

void GuestImages::crash_while_writing(const fs::path& image) {
  std::ofstream(folder_.path() / "crash.sh") << "echo text >/sysroot/file; xfs_io -x -c 'shutdown -f' /sysroot\n";
  run_tool({"env",
            "LIBGUESTFS_BACKEND=direct",
            "LIBGUESTFS_BACKEND_SETTINGS=force_tcg",
            "guestfish",
            "--format=raw",
            "-a",
            image.string(),
            "run",
            ":",
            "mount",
            "/dev/sda",
            "/",
            ":",
            "upload",
            (folder_.path() / "crash.sh").string(),
            "/crash.sh",
            ":",
            "debug",
            "sh",
            "sh /sysroot/crash.sh"});
}

void GuestImages::tamper(const fs::path& image, const std::string& request) {
  run_tool({"debugfs", "-w", "-R", request, image.string()});
}

describe::Drive GuestImages::serve(const fs::path& image) {
  const describe::Drive drive{.socket = folder_.path() / (std::to_string(servers_.size()) + ".sock"),
                              .export_name = "x"};
  servers_.push_back(
      base::Child::start({.argv = {"qemu-nbd", "--read-only", "--persistent", "--format=raw", "--shared=8",
                                   "--export-name=x", "--socket=" + drive.socket.string(), image.string()},
                          .environment = {},
                          .confinement = {}},
                         {}));
  for (int i = 0; i < 1000 && !fs::exists(drive.socket); ++i)
    std::this_thread::sleep_for(20ms);
  REQUIRE(fs::exists(drive.socket));
  return drive;
}

void copy_without(const fs::path& image, const fs::path& copy, const model::ExtentSet& holes) {
  run_tool({"cp", "--sparse=always", image.string(), copy.string()});
  const auto file = base::File::open(copy, O_RDWR);
  for (const auto& hole : holes.extents())
    REQUIRE(::fallocate(file.fd(), FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, static_cast<off_t>(hole.offset.value),
                        static_cast<off_t>(hole.length.value)) == 0);
}

std::string sha256_of(const fs::path& image) {
  return run_tool({"sha256sum", image.string()}).substr(0, 64);
}

describe::GuestFacts inspect(const std::vector<describe::Drive>& drives, bool in_use,
                             std::function<void(const describe::FileExtents&)> on_file) {
  base::Progress silent;
  return describe::inspect_guest(drives,
                                 {.force_tcg = true,
                                  .in_use = in_use,
                                  .cache_folder = "/var/cache/jaunt/appliance",
                                  .confine_program = {},
                                  .on_file = std::move(on_file)},
                                 silent, {});
}

std::string appliance_obstacle() {
  if (!base::confinement_available())
    return "this kernel has no Landlock";
  if (::access("/usr/bin/supermin", X_OK) != 0)
    return "supermin is not installed";
  for (const auto& entry : fs::directory_iterator("/boot"))
    if (entry.path().filename().string().starts_with("vmlinuz"))
      return "";
  return "there is no kernel in /boot for the appliance";
}

}  // namespace jaunt::test_support
