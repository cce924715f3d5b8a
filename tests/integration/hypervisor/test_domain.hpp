// Domains of the real libvirt that live as long as a test case. They have a firmware and nothing to boot, so that
// their QEMU is real and idle, and their writes come when the test says so.
#pragma once

#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <string>
#include <vector>

#include <doctest/doctest.h>
#include <fmt/format.h>
#include <unistd.h>

#include "base/file.hpp"
#include "base/process.hpp"
#include "hypervisor/connection.hpp"

namespace jaunt::hypervisor {

inline base::Captured run_program(std::vector<std::string> argv) {
  return base::run({.argv = std::move(argv), .environment = {}, .confinement = {}}, std::chrono::seconds(120),
                   base::ByteCount(4 * base::kMiB));
}

inline std::string must_run(const std::vector<std::string>& argv) {
  const auto result = run_program(argv);
  INFO(fmt::format("{}", fmt::join(argv, " ")) << ": " << result.err);
  REQUIRE(result.status.success());
  return result.out;
}

// Where libvirt answers. Where it cannot be made to, the whole test counts as skipped.
inline const std::string& test_uri() {
  static const std::string uri = [] {
    const auto up = run_program({JAUNT_LIBVIRT_UP});
    if (!up.status.success()) {
      std::fprintf(stderr, "skipped: libvirt cannot be brought up: %s", up.err.c_str());
      std::_Exit(77);
    }
    return up.out.substr(0, up.out.find('\n'));
  }();
  return uri;
}

inline std::string virsh(std::vector<std::string> words) {
  words.insert(words.begin(), {"virsh", "-q", "-c", test_uri()});
  return must_run(words);
}

// A folder for images, which QEMU's account may enter.
class ImageFolder {
 public:
  ImageFolder() : folder_("/var/tmp") { std::filesystem::permissions(folder_.path(), std::filesystem::perms(0711)); }

  const std::filesystem::path& path() const { return folder_.path(); }
  std::string operator/(const std::string& name) const { return (folder_.path() / name).string(); }

  // Makes an image filled with this byte.
  std::string image(const std::string& name, const std::string& format, int mebibytes, int fill = 0) const {
    const std::string path = *this / name;
    must_run({"qemu-img", "create", "-q", "-f", format, path, fmt::format("{}M", mebibytes)});
    if (fill != 0)
      must_run({"qemu-io", "-f", format, "-c", fmt::format("write -P {} 0 {}M", fill, mebibytes), path});
    return path;
  }

 private:
  base::TemporaryDirectory folder_;
};

inline std::string disk_xml(const std::string& file, const std::string& format, const std::string& target,
                            const std::string& more = "") {
  return fmt::format(
      "<disk type='file' device='disk'><driver name='qemu' type='{}'/><source file='{}'/>"
      "<target dev='{}' bus='virtio'/>{}</disk>",
      format, file, target, more);
}

class TestDomain {
 public:
  TestDomain(const std::string& what, const ImageFolder& folder, const std::string& devices,
             const std::string& os = "<type arch='x86_64' machine='q35'>hvm</type>", int memory_mebibytes = 32)
      : name_(fmt::format("jaunt-test-{}-{}", what, ::getpid())), file_(folder / (name_ + ".xml")) {
    base::write_text_file(
        file_, fmt::format("<domain type='qemu'><name>{}</name><memory unit='MiB'>{}</memory><vcpu>1</vcpu>"
                           "<os>{}</os><features><acpi/></features><devices>"
                           "<emulator>/usr/bin/qemu-system-x86_64</emulator>"
                           "<controller type='usb' model='none'/><memballoon model='none'/>{}</devices></domain>",
                           name_, memory_mebibytes, os, devices));
    test_uri();
  }
  ~TestDomain() {
    run_program({"virsh", "-q", "-c", test_uri(), "destroy", name_});
    run_program({"virsh", "-q", "-c", test_uri(), "undefine", name_, "--nvram", "--managed-save",
                 "--snapshots-metadata", "--checkpoints-metadata"});
  }
  TestDomain(const TestDomain&) = delete;
  TestDomain& operator=(const TestDomain&) = delete;

  TestDomain& define() {
    virsh({"define", file_});
    return *this;
  }
  // Runs it without a definition that stays.
  TestDomain& create() {
    virsh({"create", file_});
    return *this;
  }
  TestDomain& start() {
    virsh({"start", name_});
    return *this;
  }

  const std::string& name() const { return name_; }
  Domain get() const { return Connection::open(test_uri()).get(name_); }

  // Writes as the guest would, through its n-th virtio disk.
  void guest_writes(int n, int byte, const std::string& at_and_length) const {
    virsh({"qemu-monitor-command", name_, "--hmp",
           fmt::format("qemu-io -d /machine/peripheral/virtio-disk{}/virtio-backend \"write -P {} {}\"", n, byte,
                       at_and_length)});
  }

 private:
  std::string name_;
  std::string file_;
};

}  // namespace jaunt::hypervisor
