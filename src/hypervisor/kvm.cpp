#include "hypervisor/kvm.hpp"

#include <cerrno>
#include <string_view>
#include <vector>

#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

#include "base/process.hpp"
#include "base/text.hpp"

namespace jaunt::hypervisor {

namespace {

using base::ByteCount;

constexpr ByteCount kOutputMax{base::kMiB};
constexpr ByteCount kMemoryMax{4 * base::kGiB};

bool is_x86(const std::filesystem::path& emulator) {
  const auto name = emulator.filename().string();
  return name.ends_with("x86_64") || name.ends_with("i386") || name == "qemu-kvm" || name == "kvm";
}

base::Command firmware_guest(const std::filesystem::path& emulator, const std::string& accelerator) {
  const bool kvm = accelerator == "kvm";
  base::Command command;
  command.argv = {emulator.string(), "-accel", kvm ? "kvm" : accelerator + ",tb-size=32", "-cpu",
                  kvm ? "host" : "max", "-machine", "pc", "-m", "16", "-nodefaults", "-no-user-config", "-display",
                  "none",
                  // The firmware finds nothing to boot and resets, which ends QEMU.
                  "-boot", "reboot-timeout=1", "-no-reboot"};
  // Nothing foreign is read here, so an emulator from where fenced programs cannot start may do without a fence.
  if (base::confinement_available() && emulator.string().starts_with("/usr/")) {
    command.confinement.emplace();
    command.confinement->memory_max = kMemoryMax;
    if (kvm)
      command.confinement->devices = {"/dev/kvm"};
  }
  return command;
}

std::string first_line(std::string_view text) {
  return base::printable(text.substr(0, text.find('\n')));
}

std::string why_not_present(const std::filesystem::path& device) {
  if (::access(device.c_str(), F_OK) == 0)
    return "";
  return fmt::format("{} does not exist", device.string());
}

std::string why_not_openable(const std::filesystem::path& device) {
  if (const base::Fd fd(::open(device.c_str(), O_RDWR | O_CLOEXEC)); fd)
    return "";
  const int failed = errno;
  if (failed == EACCES || failed == EPERM)
    return fmt::format("this user may not open {}", device.string());
  return fmt::format("{} cannot be opened (errno {})", device.string(), failed);
}

}  // namespace

std::string why_no_guest_runs(const std::filesystem::path& emulator, const std::string& accelerator,
                              const base::CancelToken& cancel, std::chrono::milliseconds patience) {
  try {
    const auto result = base::run(firmware_guest(emulator, accelerator), patience, kOutputMax, cancel);
    if (result.status.success())
      return "";
    return fmt::format("QEMU ended with {}: {}", result.status.describe(),
                       result.err.empty() ? "it gives no reason" : first_line(result.err));
  } catch (const base::Error& error) {
    if (error.kind() == base::ErrorKind::limit)
      return fmt::format("a guest hangs under {}", accelerator);
    return error.what();
  }
}

KvmProbe probe_kvm(const std::filesystem::path& emulator, const base::CancelToken& cancel,
                   const std::filesystem::path& device) {
  KvmProbe probe;
  probe.why = why_not_present(device);
  probe.present = probe.why.empty();
  if (probe.present)
    probe.why = why_not_openable(device);
  if (!probe.why.empty())
    return probe;
  if (!is_x86(emulator)) {
    probe.usable = true;  // only the x86 firmware ends by itself; elsewhere the open device has to do
    return probe;
  }
  probe.why = why_no_guest_runs(emulator, "kvm", cancel);
  probe.usable = probe.why.empty();
  return probe;
}

}  // namespace jaunt::hypervisor
