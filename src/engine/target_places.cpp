#include "engine/target_places.hpp"

#include <fmt/format.h>

#include "base/error.hpp"
#include "base/text.hpp"

namespace jaunt::engine {

namespace fs = std::filesystem;
using base::Error;
using base::ErrorKind;

namespace {

constexpr std::size_t kPartBytesMax = 100;

std::string hidden_end(const std::string& job) {
  return ".jaunt-" + job;
}

// A part of a file's name. Another node may have given it.
const std::string& safe(const std::string& part) {
  const bool sound = !part.empty() && part.size() <= kPartBytesMax && part.front() != '.' &&
                     part.find('/') == part.npos && part == base::printable(part);
  if (!sound)
    throw Error(ErrorKind::corrupt, "name a file after", base::printable(part), "no file may have such a name",
                "choose the machine's name with --as");
  return part;
}

bool is_file(const std::string& subject) {
  return subject.find('/') != subject.npos;
}

// "web1" of a domain, "web1" of /srv/web1.qcow2, too.
std::string stem_of(const std::string& subject) {
  const std::string stem = is_file(subject) ? fs::path(subject).stem().string() : subject;
  return stem.empty() ? "disk" : stem;
}

std::string format_of(const TargetWish& wish) {
  if (wish.thin && (wish.format == "raw" || wish.to.extension() == ".raw"))
    throw Error(ErrorKind::usage, "make a thin target of", base::printable(wish.to.string()),
                "a raw image stands on nothing", "choose another name, or --flat");
  if (wish.thin)
    return "qcow2";
  if (!wish.format.empty())
    return wish.format;
  return wish.to.extension() == ".qcow2" ? "qcow2" : "raw";
}

}  // namespace

std::vector<DiskPlace> target_places(const model::Plan& plan, const TargetWish& wish, const std::string& job) {
  const bool folder = fs::is_directory(wish.to) || wish.to.filename().empty();
  if (!folder && plan.disks.size() > 1)
    throw Error(ErrorKind::usage, "teleport", base::printable(plan.subject),
                fmt::format("it has {} disks, and {} names one file", plan.disks.size(), wish.to.string()),
                "name an existing folder with --to");
  const bool image = plan.disks.size() == 1 && is_file(plan.subject);
  std::vector<DiskPlace> places;
  for (const model::DiskPlan& disk : plan.disks) {
    const bool medium = wish.media.contains(disk.target);
    DiskPlace place{.hidden = {}, .path = wish.to, .format = medium ? "raw" : format_of(wish)};
    if (folder) {
      const std::string machine = wish.name.empty() ? stem_of(plan.subject) : wish.name;
      const std::string name = image ? safe(machine) : fmt::format("{}-{}", safe(machine), safe(disk.target));
      place.path /= fmt::format("{}.{}", name, medium ? "iso" : place.format);
    }
    place.hidden = place.path.parent_path() / fmt::format(".{}{}", place.path.filename().string(), hidden_end(job));
    places.push_back(std::move(place));
  }
  return places;
}

fs::path final_place(const fs::path& hidden, const std::string& job) {
  const std::string name = hidden.filename().string();
  const std::string end = hidden_end(job);
  base::invariant(name.starts_with('.') && name.ends_with(end) && name.size() > end.size() + 1,
                  "a hidden file is named after its place and its job");
  return hidden.parent_path() / name.substr(1, name.size() - 1 - end.size());
}

}  // namespace jaunt::engine
