#include "engine/control_request.hpp"

#include <algorithm>
#include <array>
#include <utility>

#include <nlohmann/json.hpp>

#include "base/error.hpp"
#include "base/text.hpp"
#include "engine/job.hpp"

namespace jaunt::engine {

using base::Error;
using base::ErrorKind;
using Json = nlohmann::json;
using Does = ControlRequest::Does;

namespace {

constexpr std::array<std::pair<Does, const char*>, 7> kVerbs{{{Does::teleport, "teleport"},
                                                              {Does::resume, "resume"},
                                                              {Does::follow, "follow"},
                                                              {Does::hold, "hold"},
                                                              {Does::cancel, "cancel"},
                                                              {Does::list, "list"},
                                                              {Does::show, "show"}}};

[[noreturn]] void refuse(const std::string& cause) {
  throw Error(ErrorKind::corrupt, "understand", "what was asked of the daemon", cause,
              "use the same version of jaunt for both");
}

}  // namespace

std::string to_json(const ControlRequest& request) {
  Json json = {{"do", std::ranges::find(kVerbs, request.does, &std::pair<Does, const char*>::first)->second},
               {"detached", request.detached},
               {"finished", request.finished}};
  if (!request.job.empty())
    json["job"] = request.job;
  if (request.teleport)
    json["request"] = to_json(*request.teleport);
  return json.dump();
}

ControlRequest control_request_from_json(const std::string& line) {
  try {
    if (line.size() > kControlLineBytesMax)
      refuse("it is too long");
    const Json json = Json::parse(line);
    const std::string verb = json.at("do").get<std::string>();
    const auto known = std::ranges::find(kVerbs, verb, &std::pair<Does, const char*>::second);
    if (known == kVerbs.end())
      refuse("nobody here can " + base::printable(verb));
    ControlRequest request{.does = known->first,
                           .job = json.value("job", ""),
                           .detached = json.value("detached", false),
                           .finished = json.value("finished", false)};
    if (!request.job.empty() && !is_id(request.job))
      refuse("it names no job");
    if ((request.does == Does::teleport) != json.contains("request"))
      refuse("it does not fit together");
    if (json.contains("request"))
      request.teleport = teleport_request_from_json(json["request"].get<std::string>());
    return request;
  } catch (const Json::exception& failure) {
    refuse(base::printable(failure.what()));
  }
}

}  // namespace jaunt::engine
