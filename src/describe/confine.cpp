#include "describe/confine.hpp"

#include <cstdlib>
#include <vector>

#include <sys/stat.h>
#include <unistd.h>

#include "base/error.hpp"
#include "base/file.hpp"

namespace jaunt::describe {

namespace {

namespace fs = std::filesystem;

constexpr const char* kProgramName = "jaunt-confine";

// Where this program itself lies, then where it is installed to, then where it was built.
fs::path own_program() {
  std::error_code ignored;
  std::vector<fs::path> places;
  if (const char* given = std::getenv("JAUNT_CONFINE"))
    return given;
  const fs::path folder = fs::read_symlink("/proc/self/exe", ignored).parent_path();
  places.push_back(folder / kProgramName);
  places.push_back(folder.parent_path() / "libexec" / "jaunt" / kProgramName);
  places.push_back(fs::path(JAUNT_LIBEXEC_FOLDER) / kProgramName);
  places.emplace_back(JAUNT_BUILT_CONFINE);
  for (const auto& place : places)
    if (::access(place.c_str(), X_OK) == 0)
      return place;
  throw base::Error(base::ErrorKind::not_found, "find", kProgramName, "it is not installed beside this program",
                    "install jaunt again, or set JAUNT_CONFINE to its path");
}

std::string quoted(const std::string& word) {
  std::string result = "'";
  for (const char character : word)
    result += character == '\'' ? std::string("'\\''") : std::string(1, character);
  return result + "'";
}

}  // namespace

fs::path write_hypervisor_script(const HypervisorFence& fence) {
  std::vector<std::string> words{fence.program.empty() ? own_program().string() : fence.program.string()};
  const auto add = [&](const char* option, const std::string& value) {
    words.emplace_back(option);
    words.push_back(value);
  };
  add("--pid-file", (fence.folder / "pid").string());
  add("--read", fence.cache_folder.string());
  add("--write", fence.folder.string());
  if (fence.kvm)
    add("--device", "/dev/kvm");
  add("--memory", std::to_string(fence.memory_max.value));
  words.emplace_back("--");
  words.push_back(fence.hypervisor);
  // QEMU puts the appliance's own overlay into TMPDIR.
  std::string script = "#!/bin/sh\nTMPDIR=" + quoted(fence.folder.string()) + "\nexport TMPDIR\nexec";
  for (const auto& word : words)
    script += " " + quoted(word);
  script += " \"$@\"\n";
  fs::path path = fence.folder / "hypervisor";
  base::write_text_file(path, script, 0700);
  return path;
}

}  // namespace jaunt::describe
