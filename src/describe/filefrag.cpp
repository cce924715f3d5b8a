#include "describe/filefrag.hpp"

#include <algorithm>
#include <optional>
#include <utility>

#include "base/error.hpp"
#include "describe/splitting.hpp"

namespace jaunt::describe {

namespace {

using base::ByteCount;
using base::ByteOffset;

constexpr std::size_t kReportBytesMax = 64 * base::kMiB;
constexpr std::size_t kNamesMax = 10'000;
constexpr std::uint64_t kBytesMax = std::uint64_t{1} << 62;

// Whatever has one of these does not lie in whole blocks of its own, or nowhere yet.
constexpr std::string_view kNotInPlace[] = {"inline",  "not_aligned", "unknown_loc", "delalloc",
                                            "encoded", "encrypted",   "unwritten",   "tail_packed"};

struct Bounds {
  std::uint64_t first = 0;
  std::uint64_t length = 0;
};

// "0..    9215"
std::optional<Bounds> bounds(std::string_view text) {
  const auto parts = cut(text, "..");
  const auto first = parts ? number<std::uint64_t>(parts->first) : std::nullopt;
  const auto last = first ? number<std::uint64_t>(parts->second) : std::nullopt;
  if (!last || *last < *first || *last > kBytesMax)
    return std::nullopt;
  return Bounds{*first, *last - *first + 1};
}

// "   0:        0..    9215:    3577856..   3587071:   9216:             last,eof"
std::optional<FileRun> run_of(std::string_view line) {
  std::vector<std::string_view> fields;
  while (fields.size() < 4) {
    const auto end = line.find(':');
    if (end == std::string_view::npos)
      return std::nullopt;
    fields.push_back(trimmed(line.substr(0, end)));
    line.remove_prefix(end + 1);
  }
  const auto in_file = bounds(fields[1]);
  const auto on_device = bounds(fields[2]);
  const bool in_place = std::none_of(std::begin(kNotInPlace), std::end(kNotInPlace), [&](std::string_view flag) {
    return line.find(flag) != std::string_view::npos;
  });
  if (!number<std::uint64_t>(fields[0]) || !in_file || !on_device || in_file->length != on_device->length ||
      !in_place)
    return std::nullopt;
  return FileRun{ByteOffset(in_file->first), ByteOffset(on_device->first), ByteCount(in_file->length)};
}

std::string_view take_line(std::string_view& text) {
  const auto end = std::min(text.find('\n'), text.size());
  const auto line = text.substr(0, end);
  text.remove_prefix(std::min(end + 1, text.size()));
  return line;
}

// The report of one file, whose heading was just taken off: up to "NAME: 3 extents found".
FileRuns file_of(const std::string& name, std::string_view& text) {
  FileRuns file{.path = name, .size = {}, .runs = {}};
  const auto heading = take_line(text);
  file.size = ByteCount(number<std::uint64_t>(heading.substr(0, heading.find(' '))).value_or(0));
  const std::string ending = name + ": ";
  while (!text.empty() && !text.starts_with(ending))
    if (const auto run = run_of(take_line(text)))
      file.runs.push_back(*run);
  text.remove_prefix(std::min(name.size(), text.size()));
  take_line(text);
  return file;
}

}  // namespace

void FilefragReader::add(std::string_view piece) {
  while (!piece.empty()) {
    const auto end = piece.find('\0');
    rest_.append(piece.substr(0, end));
    if (rest_.size() > kReportBytesMax || names_.size() > kNamesMax)
      throw base::Error(base::ErrorKind::limit, "read", "filefrag's report", "it is too long");
    if (end == std::string_view::npos)
      return;
    piece.remove_prefix(end + 1);
    unit(std::exchange(rest_, {}));
  }
}

void FilefragReader::unit(std::string text) {
  if (!in_report_) {
    if (text.empty())
      in_report_ = true;
    else
      names_.push_back(std::move(text));
    return;
  }
  std::string_view rest = text;
  auto name = names_.begin();
  while (!rest.empty() && name != names_.end()) {
    // A file that could not be opened has no report.
    const auto found = std::find_if(name, names_.end(), [&](const std::string& each) {
      return rest.starts_with("File size of " + each + " is ");
    });
    if (found == names_.end()) {
      take_line(rest);
      continue;
    }
    rest.remove_prefix(std::string_view("File size of  is ").size() + found->size());
    const auto file = file_of(*found, rest);
    if (!file.runs.empty())
      consumer_(file);
    name = std::next(found);
  }
  names_.clear();
  in_report_ = false;
}

}  // namespace jaunt::describe
