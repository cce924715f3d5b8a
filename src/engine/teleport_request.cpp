#include "engine/teleport_request.hpp"

#include <nlohmann/json.hpp>

#include "base/error.hpp"
#include "base/text.hpp"
#include "engine/kept_plans.hpp"

namespace jaunt::engine {

using Json = nlohmann::json;

namespace {

// Paths may be any bytes, JSON may not.
std::string stored(const std::string& text) {
  return base::to_base64(text);
}

std::string restored(const Json& json, const char* key) {
  return base::from_base64(json.at(key).get<std::string>()).value_or("");
}

}  // namespace

std::string to_json(const TeleportRequest& request) {
  const PlanOptions& plan = request.options.plan;
  Json json = {{"bit_exact", request.subject.bit_exact},
               {"realm", stored(plan.realm)},
               {"to", stored(request.options.to.string())},
               {"target_format", stored(request.options.target_format)}};
  if (!request.subject.name.empty())
    json["machine"] = stored(request.subject.name + "@" + request.subject.node());
  if (!request.subject.dials_in.empty())
    json["dials_in"] = request.subject.dials_in;
  if (request.options.plan_id)
    json["plan"] = stored(*request.options.plan_id);
  if (request.handed_over())
    json["waits"] = request.waits == Waits::follower ? "follower" : "nobody";
  if (plan.name)
    json["name"] = stored(*plan.name);
  const MachineWish& wish = request.options.machine;
  json["define"] = wish.define;
  json["start"] = wish.start;
  json["same_machine"] = wish.same_machine;
  if (request.options.thin != Thin::flat)
    json["thin"] = request.options.thin == Thin::owned ? "owned" : "layers";
  if (request.subject.media)
    json["media"] = true;
  if (!plan.packages)
    json["packages"] = false;
  if (plan.format)
    json["format"] = stored(*plan.format);
  if (plan.bytes_per_second)
    json["bytes_per_second"] = plan.bytes_per_second->value;
  if (request.subject.limit)
    json["limit"] = request.subject.limit->value;
  if (plan.round_trip)
    json["round_trip"] = plan.round_trip->count();
  return json.dump();
}

TeleportRequest teleport_request_from_json(const std::string& text) {
  try {
    const Json json = Json::parse(text);
    TeleportRequest request{.subject = {}, .options = {}};
    if (json.contains("machine"))
      request.subject = parse_remote_machine(restored(json, "machine"));
    if (json.contains("dials_in"))
      request.subject.dials_in = json["dials_in"].get<std::string>();
    if (json.contains("plan"))
      request.options.plan_id = restored(json, "plan");
    if (json.contains("waits"))
      request.waits = json["waits"] == "follower" ? Waits::follower : Waits::nobody;
    request.subject.bit_exact = json.at("bit_exact").get<bool>();
    request.subject.media = json.value("media", false);
    if (json.contains("limit"))
      request.subject.limit = base::ByteCount(json["limit"].get<std::uint64_t>());
    PlanOptions& plan = request.options.plan;
    plan.realm = restored(json, "realm");
    request.options.to = restored(json, "to");
    request.options.target_format = restored(json, "target_format");
    if (json.contains("name"))
      plan.name = restored(json, "name");
    request.options.machine = {.define = json.at("define").get<bool>(),
                               .start = json.at("start").get<bool>(),
                               .same_machine = json.at("same_machine").get<bool>()};
    plan.packages = json.value("packages", true);
    if (json.contains("thin"))
      request.options.thin = json["thin"] == "owned" ? Thin::owned : Thin::layers;
    if (json.contains("format"))
      plan.format = restored(json, "format");
    if (json.contains("bytes_per_second"))
      plan.bytes_per_second = base::ByteCount(json["bytes_per_second"].get<std::uint64_t>());
    if (json.contains("round_trip"))
      plan.round_trip = std::chrono::microseconds(json["round_trip"].get<std::int64_t>());
    return request;
  } catch (const base::Error& failure) {
    throw base::Error(base::ErrorKind::corrupt, "read", "the job's request", failure.what());
  } catch (const Json::exception& failure) {
    throw base::Error(base::ErrorKind::corrupt, "read", "the job's request", base::printable(failure.what()));
  }
}

std::optional<TeleportRequest> readable_request(const std::string& text) {
  try {
    return teleport_request_from_json(text);
  } catch (const base::Error&) {
    return std::nullopt;
  }
}

TeleportRequest completed(TeleportRequest request, const Home& home, const Config& config) {
  TeleportOptions& options = request.options;
  if (options.plan_id) {
    if (!request.subject.name.empty())
      throw base::Error(base::ErrorKind::usage, "teleport", base::printable(request.subject.name),
                        "the plan says what is teleported", "leave the machine out, or --plan");
    if (request.subject.media)
      throw base::Error(base::ErrorKind::usage, "carry media with", "a plan that was kept",
                        "plans are of disks alone", "name the machine instead of the plan");
    const model::Plan plan = KeptPlans(home).plan(*options.plan_id);
    options.plan.realm = plan.realm;
    if (!options.plan.name && !plan.name.empty())
      options.plan.name = plan.name;
    const RemoteMachine machine = parse_remote_machine(plan.subject + "@" + plan.source);
    request.subject.name = machine.name;
    request.subject.home = machine.home;
    request.subject.peer = machine.peer;
  }
  if (request.subject.name.empty())
    throw base::Error(base::ErrorKind::usage, "teleport", "this", "it is not said what", "jaunt teleport --help");
  const bool domain = request.subject.name.find('/') == std::string::npos;
  if (options.to.empty() && domain && !config.image_folders.empty())
    options.to = config.image_folders.front();
  if (options.to.empty())
    throw base::Error(base::ErrorKind::usage, "teleport", base::printable(request.subject.name),
                      "it is not said where to", "name a file or a folder with --to");
  return request;
}

}  // namespace jaunt::engine
