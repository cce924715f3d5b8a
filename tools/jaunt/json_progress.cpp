#include "json_progress.hpp"

#include <cstdio>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

namespace jaunt::cli {

void JsonProgress::print(const base::ProgressReport& report) {
  nlohmann::ordered_json json = {{"type", "status"}, {"stage", report.stage}};
  if (report.note.empty()) {
    json["bytes_done"] = report.done.value;
    json["bytes_total"] = report.total.value;
    json["seconds"] = report.elapsed.count();
  } else {
    json["note"] = report.note;
  }
  fmt::print("{}\n", json.dump());
  std::fflush(stdout);
}

}  // namespace jaunt::cli
