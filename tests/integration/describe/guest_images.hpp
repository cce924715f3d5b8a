// Small disks for the tests of describe, made and changed with the filesystems' own tools, and never mounted here.
#pragma once

#include <filesystem>
#include <functional>
#include <string>
#include <vector>

#include "base/file.hpp"
#include "base/process.hpp"
#include "describe/guest.hpp"
#include "model/extent.hpp"

namespace jaunt::test_support {

// Runs a program; anything but success fails the test. Returns what it prints.
std::string run_tool(std::vector<std::string> argv);

// A folder with images, which are served while it lives.
class GuestImages {
 public:
  // A sparse file of this size.
  std::filesystem::path blank(const std::string& name, base::ByteCount size);
  // An ext4 with a few files, on the whole disk.
  std::filesystem::path ext4(const std::string& name, const std::vector<std::string>& options = {});
  // A Debian, as far as anybody can tell from outside, with one package whole and one half installed, and a folder
  // that is also a folder deep inside itself.
  std::filesystem::path sick_guest(const std::string& name);
  // Leaves a file in the XFS on this whole disk, and the rest of the change in its log. The appliance does it.
  void crash_while_writing(const std::filesystem::path& image);
  // Changes a superblock's field or feature: `debugfs -w -R REQUEST`.
  void tamper(const std::filesystem::path& image, const std::string& request);

  // Serves an image read-only, as a drive for describe.
  describe::Drive serve(const std::filesystem::path& image);

  const std::filesystem::path& folder() const { return folder_.path(); }

 private:
  base::TemporaryDirectory folder_;
  std::vector<base::Child> servers_;
};

// A copy in which these ranges read as zeros.
void copy_without(const std::filesystem::path& image, const std::filesystem::path& copy,
                  const model::ExtentSet& holes);

std::string sha256_of(const std::filesystem::path& image);

// Looks into these drives; the appliance is kept between runs.
describe::GuestFacts inspect(const std::vector<describe::Drive>& drives, bool in_use = false,
                             std::function<void(const describe::FileExtents&)> on_file = {});

// Why no appliance can run on this machine; "" where it can.
std::string appliance_obstacle();

}  // namespace jaunt::test_support
