#include "engine/thin_records.hpp"

#include <algorithm>

#include <fcntl.h>
#include <nlohmann/json.hpp>
#include <sys/stat.h>

#include "base/error.hpp"
#include "base/file.hpp"
#include "base/hash.hpp"
#include "base/text.hpp"
#include "disk/identity.hpp"

namespace jaunt::engine {

namespace fs = std::filesystem;
using Json = nlohmann::json;

namespace {

constexpr base::ByteCount kRecordBytesMax{base::kMiB};
constexpr int kVersion = 1;
constexpr const char* kOwned = "owned";
constexpr const char* kTarget = "target";

std::string file_name(const char* kind, const fs::path& path) {
  return std::string(kind) + "-" + base::to_hex(base::sha256(base::as_bytes(path.string()))) + ".json";
}

// Paths may be any bytes, JSON may not.
Json to_json(const StoodOnFile& file) {
  return {{"path", base::to_base64(file.path.string())},
          {"device", file.identity.device},
          {"inode", file.identity.inode},
          {"size", file.identity.size},
          {"mtime_ns", file.identity.mtime_ns}};
}

fs::path path_from(const Json& json) {
  return base::from_base64(json.at("path").get<std::string>()).value_or("");
}

StoodOnFile file_from(const Json& json) {
  return {.path = path_from(json),
          .identity = {.device = json.at("device"),
                       .inode = json.at("inode"),
                       .size = json.at("size"),
                       .mtime_ns = json.at("mtime_ns"),
                       .ctime_ns = 0}};
}

ThinTarget target_from(const Json& json) {
  ThinTarget target{.path = path_from(json), .files = {}};
  for (const Json& file : json.at("files"))
    target.files.push_back(file_from(file));
  return target;
}

// A record that cannot be read tells nothing; it is never relied on.
template <typename Decode>
auto record_at(const fs::path& path, const Decode& decode) -> std::optional<decltype(decode(Json()))> {
  try {
    const Json json = Json::parse(base::read_text_file(path, kRecordBytesMax));
    if (json.at("version") == kVersion)
      return decode(json);
  } catch (const base::Error&) {
  } catch (const Json::exception&) {
  }
  return std::nullopt;
}

template <typename Decode>
auto records_in(const fs::path& folder, const char* kind, const Decode& decode) {
  std::vector<decltype(decode(Json()))> records;
  std::error_code absent;
  for (const auto& entry : fs::directory_iterator(folder, absent))
    if (entry.path().filename().string().starts_with(kind))
      if (auto record = record_at(entry.path(), decode))
        records.push_back(std::move(*record));
  std::ranges::sort(records, {}, [](const auto& record) { return record.path; });
  return records;
}

void write_record(const fs::path& folder, const char* kind, const fs::path& path, Json json) {
  std::error_code made;
  fs::create_directory(folder, made);
  json["version"] = kVersion;
  base::write_text_file(folder / file_name(kind, path), json.dump());
}

}  // namespace

StoodOnState state_of(const StoodOnFile& file) {
  std::optional<base::File> opened;
  try {
    opened = base::File::open(file.path, O_RDONLY | O_NONBLOCK);
  } catch (const base::Error&) {
    return StoodOnState::gone;
  }
  model::FileIdentity now = disk::identify(*opened);
  if (now.device != file.identity.device || now.inode != file.identity.inode)
    return StoodOnState::gone;
  if (now.size != file.identity.size || now.mtime_ns != file.identity.mtime_ns)
    return StoodOnState::written;
  return (opened->stat().st_mode & (S_IWUSR | S_IWGRP | S_IWOTH)) != 0 ? StoodOnState::writable : StoodOnState::same;
}

void ThinRecords::own(const StoodOnFile& file) const {
  write_record(folder_, kOwned, file.path, to_json(file));
}

void ThinRecords::disown(const fs::path& path) const {
  std::error_code absent;
  fs::remove(folder_ / file_name(kOwned, path), absent);
}

std::vector<StoodOnFile> ThinRecords::owned() const {
  return records_in(folder_, kOwned, file_from);
}

bool ThinRecords::owns(const fs::path& path) const {
  const auto file = record_at(folder_ / file_name(kOwned, path), file_from);
  return file && file->path == path && state_of(*file) == StoodOnState::same;
}

void ThinRecords::keep(const ThinTarget& target) const {
  Json files = Json::array();
  for (const StoodOnFile& file : target.files)
    files.push_back(to_json(file));
  write_record(folder_, kTarget, target.path, {{"path", base::to_base64(target.path.string())}, {"files", files}});
}

std::vector<ThinTarget> ThinRecords::targets() const {
  auto all = records_in(folder_, kTarget, target_from);
  std::error_code unknown;
  std::erase_if(all, [&](const ThinTarget& target) { return !fs::exists(target.path, unknown); });
  return all;
}

std::optional<ThinTarget> ThinRecords::target(const fs::path& path) const {
  auto target = record_at(folder_ / file_name(kTarget, path), target_from);
  return target && target->path == path ? target : std::nullopt;
}

bool make_read_only(const fs::path& path) {
  const auto file = base::File::open(path, O_RDONLY | O_NONBLOCK);
  const mode_t mode = file.stat().st_mode;
  const mode_t wanted = mode & ~static_cast<mode_t>(S_IWUSR | S_IWGRP | S_IWOTH);
  return wanted == mode || ::fchmod(file.fd(), wanted & 07777) == 0;
}

}  // namespace jaunt::engine
