#include "describe/user_data.hpp"

#include <algorithm>
#include <array>

namespace jaunt::describe {

namespace {

constexpr std::size_t kOwnedMax = 4'000'000;
constexpr std::size_t kPlacesMax = 1000;

constexpr std::array<std::string_view, 16> kSystemFolders{"usr",   "etc",   "boot",       "bin",  "sbin", "lib",
                                                          "lib32", "lib64", "libx32",     "proc", "sys",  "dev",
                                                          "run",   "tmp",   "lost+found", "efi"};
constexpr std::array<std::string_view, 5> kVarSystemFolders{"cache", "tmp", "run", "lock", "lost+found"};
// State of the package tools and of the boot, made anew by them.
constexpr std::array<std::string_view, 14> kLibSystemFolders{"dpkg", "apt",  "aptitude", "rpm", "dnf",
                                                             "yum",  "ucf",  "systemd",  "pam", "initramfs-tools",
                                                             "grub", "dbus", "polkit-1", "misc"};

template <typename Names>
bool among(const Names& names, std::string_view name) {
  return std::find(names.begin(), names.end(), name) != names.end();
}

// The first part of "a/b/c" is taken off; nullopt when nothing would be left below it.
std::optional<std::string_view> take_folder(std::string_view& path) {
  const auto end = path.find('/');
  if (end == std::string_view::npos)
    return std::nullopt;
  const auto folder = path.substr(0, end);
  path.remove_prefix(end + 1);
  return folder;
}

}  // namespace

std::optional<std::string> user_data_place(std::string_view path) {
  std::string_view rest = path.substr(path.starts_with('/') ? 1 : 0);
  const auto top = take_folder(rest);
  if (!top || top->empty())
    return std::nullopt;
  if (*top == "usr")
    return rest.starts_with("local/") ? std::optional<std::string>("/usr/local") : std::nullopt;
  if (among(kSystemFolders, *top))
    return std::nullopt;
  if (*top != "var")
    return "/" + std::string(*top);
  const auto second = take_folder(rest);
  if (!second || among(kVarSystemFolders, *second))
    return std::nullopt;
  if (*second != "lib")
    return "/var/" + std::string(*second);
  const auto third = take_folder(rest);
  if (!third || among(kLibSystemFolders, *third))
    return std::nullopt;
  return "/var/lib/" + std::string(*third);
}

void UserDataCounter::own(std::string_view path) {
  if (owned_.size() < kOwnedMax)
    owned_.emplace(path);
}

void UserDataCounter::add(std::string_view path, base::ByteCount bytes) {
  const auto name = user_data_place(path);
  if (!name || owned_.contains(std::string(path)) || (places_.size() >= kPlacesMax && !places_.contains(*name)))
    return;
  auto& place = places_[*name];
  place.path = *name;
  place.bytes += bytes;
  ++place.files;
}

std::vector<model::UserData> UserDataCounter::places() const {
  std::vector<model::UserData> result;
  for (const auto& [name, place] : places_)
    result.push_back(place);
  std::stable_sort(result.begin(), result.end(),
                   [](const auto& left, const auto& right) { return left.bytes > right.bytes; });
  return result;
}

}  // namespace jaunt::describe
