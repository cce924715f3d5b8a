// jaunt serve and jaunt daemon.
#include <cstdio>
#include <mutex>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "base/text.hpp"
#include "context.hpp"
#include "engine/config_value.hpp"
#include "engine/daemon.hpp"
#include "engine/node_server.hpp"
#include "handlers.hpp"
#include "interrupt.hpp"

namespace jaunt::cli {

namespace {

using Json = nlohmann::ordered_json;

// Lines from several threads; on standard output with --json, else on standard error, where a journal picks them up.
class ServeLog {
 public:
  explicit ServeLog(bool json) : json_(json) {}

  void line(const std::string& text) { print(text, {{"type", "log"}, {"text", base::printable(text)}}); }

  void listening(const std::vector<transport::Address>& addresses) {
    std::string text = "listening at";
    Json list = Json::array();
    for (const transport::Address& address : addresses) {
      text += fmt::format(" {}", to_text(address));
      list.push_back({{"host", address.host}, {"port", address.port}});
    }
    print(text, {{"type", "listening"}, {"addresses", list}});
  }

 private:
  void print(const std::string& text, const Json& json) {
    const std::scoped_lock lock(mutex_);
    if (json_)
      fmt::print("{}\n", json.dump());
    else
      fmt::print(stderr, "{}\n", base::printable(text));
    std::fflush(json_ ? stdout : stderr);
  }

  const bool json_;
  std::mutex mutex_;
};

std::vector<transport::Address> listen_at(const Invocation& invocation, const engine::Config& config) {
  engine::ListenAddresses listen = config.node_listen;
  if (const auto given = invocation.value("--listen"))
    if (const auto complaint =
            engine::assign(listen, {.form = engine::Written::Form::text, .text = *given, .list = {}}))
      throw base::Error(base::ErrorKind::usage, "understand", fmt::format("--listen {}", base::printable(*given)),
                        *complaint);
  return listen.addresses;
}

engine::ServeOptions serving(const Invocation& invocation, const engine::Config& config, ServeLog& log) {
  return {.addresses = listen_at(invocation, config),
          .listening = [&log](const auto& addresses) { log.listening(addresses); },
          .log = [&log](const std::string& text) { log.line(text); }};
}

}  // namespace

int run_serve(const Invocation& invocation) {
  const engine::Config config = engine::valid_config(load_config(invocation));
  const engine::Home home(home_path(invocation));
  ServeLog log(invocation.flag("--json"));
  base::Progress silent;
  engine::serve(serving(invocation, config, log),
                {.home = home, .config = config, .progress = silent, .cancel = interrupted()});
  return 0;
}

int run_daemon(const Invocation& invocation) {
  const engine::Config config = engine::valid_config(load_config(invocation));
  const engine::Home home(home_path(invocation));
  ServeLog log(invocation.flag("--json"));
  base::Progress silent;
  const std::string threads = invocation.value("--threads").value_or("");
  // This very program, also where a newer one has taken its place meanwhile.
  const auto attempt = [&](const std::string& job) {
    base::Command command{
        .argv = {"/proc/self/exe", "job", "resume", "--here", "--json", "--home", home.path().string(), job},
        .environment = {},
        .confinement = std::nullopt};
    if (!threads.empty())
      command.argv.insert(command.argv.end(), {"--threads", threads});
    return command;
  };
  engine::run_daemon({.serve = serving(invocation, config, log), .attempt = attempt},
                     {.home = home, .config = config, .progress = silent, .cancel = interrupted()});
  return 0;
}

}  // namespace jaunt::cli
