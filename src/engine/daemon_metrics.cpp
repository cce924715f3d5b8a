#include "engine/daemon_metrics.hpp"

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "base/version.hpp"

namespace jaunt::engine {

using Json = nlohmann::json;

namespace {

std::string head(const char* name, const char* type, const char* help) {
  return fmt::format("# HELP jaunt_{0} {2}\n# TYPE jaunt_{0} {1}\n", name, type, help);
}

std::string labelled(const char* name, const char* label, const char* help,
                     const std::map<std::string, double>& counters) {
  std::string text = head(name, "counter", help);
  for (const auto& [value, count] : counters)
    text += fmt::format("jaunt_{}{{{}=\"{}\"}} {:.15g}\n", name, label, value, count);
  return text;
}

std::string single(const char* name, const char* help, std::uint64_t count) {
  return head(name, "counter", help) + fmt::format("jaunt_{} {}\n", name, count);
}

}  // namespace

void DaemonMetrics::count_line(const std::string& line, bool last) {
  if (!last)
    return;
  try {
    const Json json = Json::parse(line);
    const std::string type = json.at("type").get<std::string>();
    const std::scoped_lock lock(mutex_);
    ++outcomes_[type == "summary" ? "done" : type == "error" ? "failed" : type];
    if (type != "summary")
      return;
    for (const auto& [source, bytes] : json.at("bytes_by_source").items())
      target_bytes_[source] += bytes.get<double>();
    for (const auto& [stage, seconds] : json.at("seconds_by_stage").items())
      stage_seconds_[stage] += seconds.get<double>();
    wire_bytes_["received"] += json.at("wire_bytes_received").get<double>();
    wire_bytes_["sent"] += json.at("wire_bytes_sent").get<double>();
  } catch (const Json::exception&) {
    // An attempt works on what strangers sent: whatever it says harms no other job.
  }
}

void DaemonMetrics::count_failed_attempt(const std::string& kind) {
  const std::scoped_lock lock(mutex_);
  ++attempts_failed_[kind];
}

void DaemonMetrics::count_peer_refused() {
  const std::scoped_lock lock(mutex_);
  ++peers_refused_;
}

void DaemonMetrics::count_conversation() {
  const std::scoped_lock lock(mutex_);
  ++conversations_;
}

std::string DaemonMetrics::text(std::size_t running, std::size_t waiting) const {
  const std::scoped_lock lock(mutex_);
  return head("build_info", "gauge", "The version that runs.") +
         fmt::format("jaunt_build_info{{version=\"{}\"}} 1\n", base::version()) +
         head("jobs", "gauge", "Jobs of the daemon by state.") +
         fmt::format("jaunt_jobs{{state=\"running\"}} {}\njaunt_jobs{{state=\"waiting\"}} {}\n", running, waiting) +
         labelled("jobs_ended_total", "outcome", "Jobs that ended.", outcomes_) +
         labelled("attempts_failed_total", "kind", "Attempts at a job that ended with an error.", attempts_failed_) +
         labelled("target_bytes_total", "source", "Bytes of finished targets by where they came from.",
                  target_bytes_) +
         labelled("wire_bytes_total", "direction", "Bytes on links of finished jobs, framing and TLS included.",
                  wire_bytes_) +
         labelled("stage_seconds_total", "stage", "Seconds that finished jobs spent in each stage.", stage_seconds_) +
         single("conversations_total", "Conversations of peers that this node answered.", conversations_) +
         single("peers_refused_total", "Visitors that were refused.", peers_refused_);
}

}  // namespace jaunt::engine
