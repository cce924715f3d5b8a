#include "describe/systems.hpp"

#include <algorithm>
#include <memory>
#include <tuple>

#include <fmt/format.h>
#include <guestfs.h>

#include "describe/apt_sources.hpp"
#include "describe/dpkg_status.hpp"
#include "describe/os_release.hpp"
#include "describe/yum_repo.hpp"

namespace jaunt::describe {

namespace {

using base::ByteCount;
using base::Error;

constexpr ByteCount kStatusBytesMax{256 * base::kMiB};
constexpr ByteCount kSourcesBytesMax{base::kMiB};
constexpr std::size_t kSourcesMax = 500;

// Runs a step whose failure is a problem of the guest and not the end of the description.
template <typename Step>
void attempt(GuestSession& session, const std::string& subject, std::vector<model::Problem>& problems, Step step) {
  try {
    step();
  } catch (const Error& error) {
    if (session.lost())
      throw;
    problems.push_back({.subject = subject, .cause = error.what()});
  }
}

// What inspection says; "" where it does not know.
std::string told(GuestSession& session, char* (*ask)(guestfs_h*, const char*), const std::string& root) {
  try {
    std::string answer = taken(session("inspect", root, [&](guestfs_h* g) { return ask(g, root.c_str()); }));
    return answer == "unknown" ? "" : answer;
  } catch (const Error&) {
    if (session.lost())
      throw;
    return {};
  }
}

bool exists(GuestSession& session, const char* path) {
  return session("examine", path, [&](guestfs_h* g) { return guestfs_exists(g, path); }) == 1;
}

std::string init_of(GuestSession& session) {
  if (exists(session, "/lib/systemd/systemd") || exists(session, "/usr/lib/systemd/systemd"))
    return "systemd";
  if (exists(session, "/sbin/openrc-init") || exists(session, "/sbin/openrc"))
    return "openrc";
  if (exists(session, "/sbin/upstart") || exists(session, "/etc/init/rc.conf"))
    return "upstart";
  return exists(session, "/etc/inittab") ? "sysvinit" : "";
}

std::map<std::string, std::string> mount_points(GuestSession& session, const std::string& root) {
  const auto listed = StringList(session("inspect", root, [&](guestfs_h* g) {
                        return guestfs_inspect_get_mountpoints(g, root.c_str());
                      })).values();
  std::map<std::string, std::string> result;
  for (std::size_t i = 0; i + 1 < listed.size(); i += 2)
    result.emplace(listed[i], listed[i + 1]);
  return result;
}

// A map is sorted so that a folder comes before what is mounted in it.
void mount_all(GuestSession& session, const InspectedSystem& inspected, std::vector<model::Problem>& problems) {
  for (const auto& mount : inspected.mounts) {
    const std::string& point = mount.first;
    const std::string& device = mount.second;  // clang 14 captures no structured bindings
    attempt(session, device, problems, [&] {
      session("mount", device, [&](guestfs_h* g) { return guestfs_mount_ro(g, device.c_str(), point.c_str()); });
    });
  }
}

void add_dpkg(GuestSession& session, model::OperatingSystem& system, std::vector<model::Problem>& problems) {
  const auto text = session.file("/var/lib/dpkg/status", kStatusBytesMax);
  if (!text)
    throw Error(base::ErrorKind::not_found, "read", "/var/lib/dpkg/status", "the guest does not have it");
  auto status = parse_dpkg_status(*text);
  system.packages = std::move(status.packages);
  problems.insert(problems.end(), status.problems.begin(), status.problems.end());
}

void add_listed(GuestSession& session, model::OperatingSystem& system) {
  const std::string& root = system.root_device;
  const std::unique_ptr<struct guestfs_application2_list, decltype(&guestfs_free_application2_list)> listed(
      session("list the packages of", root,
              [&](guestfs_h* g) { return guestfs_inspect_list_applications2(g, root.c_str()); }),
      &guestfs_free_application2_list);
  for (std::uint32_t i = 0; i < listed->len; ++i) {
    const auto& each = listed->val[i];
    std::string version = each.app2_version;
    if (!std::string_view(each.app2_release).empty())
      version += "-" + std::string(each.app2_release);
    if (each.app2_epoch > 0)
      version = fmt::format("{}:{}", each.app2_epoch, version);
    system.packages.push_back({.name = each.app2_name, .version = std::move(version), .arch = each.app2_arch});
  }
}

// rpm databases that are in use want to be written to, and Debian's rpm keeps its own under $HOME, which the daemon
// takes for "/". So the root is mounted read-write, in the appliance's overlay.
void prepare_rpm_database(GuestSession& session, const InspectedSystem& inspected) {
  session("unmount", inspected.system.root_device, [](guestfs_h* g) { return guestfs_umount_all(g); });
  for (const auto& mount : inspected.mounts)
    session("mount", mount.second,
            [&](guestfs_h* g) { return guestfs_mount(g, mount.second.c_str(), mount.first.c_str()); });
  if (exists(session, "/root/.rpmdb") && !exists(session, "/.rpmdb"))
    session("link", "/.rpmdb", [](guestfs_h* g) { return guestfs_ln_s(g, "/root/.rpmdb", "/.rpmdb"); });
}

void add_packages(GuestSession& session, InspectedSystem& inspected, std::vector<model::Problem>& problems) {
  auto& system = inspected.system;
  if (system.package_format == "deb") {
    add_dpkg(session, system, problems);
    return;
  }
  if (system.package_format.empty())
    return;
  try {
    add_listed(session, system);
  } catch (const Error&) {
    if (session.lost() || system.package_format != "rpm")
      throw;
    prepare_rpm_database(session, inspected);
    add_listed(session, system);
  }
}

// Files of one folder, by the endings of their names.
std::vector<std::string> files_in(GuestSession& session, const char* folder, std::string_view ending) {
  std::vector<std::string> result;
  if (session("examine", folder, [&](guestfs_h* g) { return guestfs_is_dir(g, folder); }) != 1)
    return result;
  const auto names =
      StringList(session("list", folder, [&](guestfs_h* g) { return guestfs_ls(g, folder); })).values();
  for (const auto& name : names)
    if (name.ends_with(ending) && result.size() < kSourcesMax)
      result.push_back(std::string(folder) + "/" + name);
  return result;
}

void add_repositories(GuestSession& session, model::OperatingSystem& system, std::vector<model::Problem>& problems) {
  using Parser = std::vector<model::Repository> (*)(std::string_view, const std::string&);
  const auto read = [&](const std::string& path, Parser parse) {
    attempt(session, path, problems, [&] {
      const auto text = session.file(path, kSourcesBytesMax);
      for (auto& repository : parse(text.value_or(""), path))
        system.repositories.push_back(std::move(repository));
    });
  };
  read("/etc/apt/sources.list", parse_apt_list);
  for (const auto& path : files_in(session, "/etc/apt/sources.list.d", ".list"))
    read(path, parse_apt_list);
  for (const auto& path : files_in(session, "/etc/apt/sources.list.d", ".sources"))
    read(path, parse_apt_sources);
  for (const char* folder : {"/etc/yum.repos.d", "/etc/distro.repos.d", "/etc/zypp/repos.d"})
    for (const auto& path : files_in(session, folder, ".repo"))
      read(path, parse_yum_repo);
}

InspectedSystem inspect(GuestSession& session, const std::string& root, std::vector<model::Problem>& problems) {
  InspectedSystem result;
  auto& system = result.system;
  system.root_device = root;
  system.type = told(session, guestfs_inspect_get_type, root);
  system.distro = told(session, guestfs_inspect_get_distro, root);
  system.product = told(session, guestfs_inspect_get_product_name, root);
  system.arch = told(session, guestfs_inspect_get_arch, root);
  system.hostname = told(session, guestfs_inspect_get_hostname, root);
  system.package_format = told(session, guestfs_inspect_get_package_format, root);
  attempt(session, root, problems, [&] {
    const auto version = [&](int (*ask)(guestfs_h*, const char*)) {
      return session("inspect", root, [&](guestfs_h* g) { return ask(g, root.c_str()); });
    };
    system.major_version = version(guestfs_inspect_get_major_version);
    system.minor_version = version(guestfs_inspect_get_minor_version);
  });
  attempt(session, root, problems, [&] { result.mounts = mount_points(session, root); });
  mount_all(session, result, problems);
  attempt(session, root, problems, [&] { system.init = init_of(session); });
  attempt(session, root, problems, [&] {
    const auto release = session.file("/etc/os-release", kSourcesBytesMax);
    if (auto name = pretty_name(release.value_or("")); !name.empty())
      system.product = std::move(name);
  });
  attempt(session, "repositories of " + root, problems, [&] { add_repositories(session, system, problems); });
  attempt(session, "packages of " + root, problems, [&] { add_packages(session, result, problems); });
  std::sort(system.packages.begin(), system.packages.end(), [](const model::Package& a, const model::Package& b) {
    return std::tie(a.name, a.arch, a.version) < std::tie(b.name, b.arch, b.version);
  });
  session("unmount", root, [](guestfs_h* g) { return guestfs_umount_all(g); });
  return result;
}

}  // namespace

std::vector<InspectedSystem> inspect_systems(GuestSession& session, std::vector<model::Problem>& problems) {
  std::vector<std::string> roots;
  attempt(session, "the guest", problems, [&] {
    roots = StringList(session("inspect", "the guest", [](guestfs_h* g) { return guestfs_inspect_os(g); })).values();
  });
  std::sort(roots.begin(), roots.end());
  std::vector<InspectedSystem> result;
  for (const auto& root : roots)
    attempt(session, root, problems, [&] { result.push_back(inspect(session, root, problems)); });
  return result;
}

}  // namespace jaunt::describe
