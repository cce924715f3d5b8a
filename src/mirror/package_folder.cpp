#include "mirror/package_folder.hpp"

#include <algorithm>
#include <chrono>
#include <ctime>
#include <optional>
#include <thread>
#include <tuple>
#include <utility>

#include <nlohmann/json.hpp>

#include "base/file.hpp"
#include "mirror/package_name.hpp"

namespace jaunt::mirror {

namespace fs = std::filesystem;
using Json = nlohmann::json;
using namespace std::chrono_literals;

namespace {

constexpr base::ByteCount kUsesBytesMax{16 * base::kMiB};
constexpr const char* kUsesName = "uses.json";
constexpr const char* kEnding = ".blocks";
constexpr const char* kIndexEnding = ".index";

base::FileLock lock_of(const fs::path& path, const base::CancelToken& cancel) {
  while (true) {
    cancel.check();
    if (auto lock = base::FileLock::try_take(path))
      return *std::move(lock);
    std::this_thread::sleep_for(200ms);
  }
}

std::map<std::string, std::int64_t> uses_in(const fs::path& path) {
  std::error_code absent;
  if (!fs::exists(path, absent))
    return {};
  try {
    return Json::parse(base::read_text_file(path, kUsesBytesMax)).get<std::map<std::string, std::int64_t>>();
  } catch (const Json::exception&) {  // then all are as old as they look
  } catch (const base::Error&) {
  }
  return {};
}

fs::path made(fs::path path) {
  fs::create_directories(path);
  return path;
}

}  // namespace

PackageFolder::PackageFolder(fs::path path, const base::CancelToken& cancel)
    : path_(made(std::move(path))), lock_(lock_of(path_ / "lock", cancel)), uses_(uses_in(path_ / kUsesName)) {}

fs::path PackageFolder::file_of(const model::Package& package) const {
  return path_ / file_name(package);
}

bool PackageFolder::has(const model::Package& package) const {
  std::error_code absent;
  return fs::is_regular_file(file_of(package), absent);
}

std::string PackageFolder::name_of(const fs::path& file) const {
  return file.lexically_relative(path_).string();
}

void PackageFolder::use(const fs::path& file) {
  uses_[name_of(file)] = std::time(nullptr);
  used_now_.insert(name_of(file));
}

std::vector<fs::path> PackageFolder::shrink(base::ByteCount bytes_max) {
  std::vector<std::tuple<std::int64_t, fs::path, std::uint64_t>> files;
  std::uint64_t all = 0;
  for (const auto& entry : fs::recursive_directory_iterator(path_)) {
    const fs::path ending = entry.path().extension();
    if (!entry.is_regular_file() || (ending != kEnding && ending != kIndexEnding))
      continue;
    const auto use = uses_.find(name_of(entry.path()));
    files.emplace_back(use == uses_.end() ? 0 : use->second, entry.path(), entry.file_size());
    all += entry.file_size();
  }
  std::ranges::sort(files);
  std::vector<fs::path> gone;
  for (const auto& [used, path, size] : files) {
    if (all <= bytes_max.value)
      break;
    if (used_now_.contains(name_of(path)))
      continue;
    fs::remove(path);
    uses_.erase(name_of(path));
    all -= size;
    gone.push_back(path);
  }
  return gone;
}

void PackageFolder::finish() const {
  base::write_text_file(path_ / kUsesName, Json(uses_).dump(0) + "\n");
}

}  // namespace jaunt::mirror
