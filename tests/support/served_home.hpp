// A node's home, and `jaunt serve` for it as a program of its own, in a network namespace where one is named.
#pragma once

#include <chrono>
#include <filesystem>
#include <optional>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include <doctest/doctest.h>
#include <fcntl.h>
#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "base/file.hpp"
#include "base/process.hpp"

namespace jaunt::test_support {

class ServedHome {
 public:
  ServedHome(std::filesystem::path home, std::filesystem::path images, std::string network = {})
      : home_(std::move(home)), images_(std::move(images)), network_(std::move(network)) {
    std::filesystem::create_directory(home_);
    std::filesystem::permissions(home_, std::filesystem::perms::owner_all);
    REQUIRE(jaunt({"node", "init"}).status.code == 0);
  }

  std::vector<std::string> more_environment;  // of what is begun from now on; counts before what it has otherwise

  const std::filesystem::path& path() const { return home_; }
  int port() const { return port_; }

  // With `input` on standard input.
  base::Captured jaunt(std::vector<std::string> words, const std::string& input = {}) const {
    base::TemporaryDirectory scratch;
    base::write_text_file(scratch.path() / "in", input);
    base::write_text_file(scratch.path() / "out", "");
    base::write_text_file(scratch.path() / "err", "");
    const auto in = base::File::open(scratch.path() / "in", O_RDONLY);
    const auto out = base::File::open(scratch.path() / "out", O_WRONLY);
    const auto err = base::File::open(scratch.path() / "err", O_WRONLY);
    auto child = base::Child::start(command(std::move(words)), {.in = in.fd(), .out = out.fd(), .err = err.fd()});
    const auto status = child.wait_for(std::chrono::minutes(5));
    REQUIRE(status);
    const auto text = [&](const char* name) {
      return base::read_text_file(scratch.path() / name, base::ByteCount(64 * base::kMiB));
    };
    return {.status = *status, .out = text("out"), .err = text("err")};
  }

  nlohmann::json json(std::vector<std::string> words, const std::string& input = {}) const {
    words.emplace_back("--json");
    const base::Captured result = jaunt(std::move(words), input);
    INFO(result.out << result.err);
    REQUIRE(result.status.code == 0);
    return nlohmann::json::parse(result.out);
  }

  // A command that goes on by itself; what it prints on standard output goes into the file.
  base::Child begin(std::vector<std::string> words, const std::filesystem::path& out) const {
    base::write_text_file(out, "");
    const auto file = base::File::open(out, O_WRONLY);
    return base::Child::start(command(std::move(words)), {.in = -1, .out = file.fd(), .err = -1});
  }

  // Begins to serve; the port is a free one unless it is given. "daemon" does so, too.
  void serve(const std::string& listen = "127.0.0.1:0", const std::string& how = "serve") {
    const auto path = home_ / "serve.log";
    const auto log = base::File::open(path, O_WRONLY | O_CREAT | O_TRUNC);
    server_.emplace(base::Child::start(command({how, "--json", "--listen", listen}),
                                       {.in = -1, .out = log.fd(), .err = log.fd()}));
    for (int i = 0; i < 1000; ++i) {
      const std::string text = this->log();
      if (const auto end = text.find('\n'); end != text.npos) {
        const auto line = nlohmann::json::parse(text.substr(0, end));
        INFO(text);
        REQUIRE(line["type"] == "listening");
        port_ = line["addresses"][0]["port"];
        return;
      }
      REQUIRE_MESSAGE(!server_->poll(), text);
      std::this_thread::sleep_for(std::chrono::milliseconds(20));
    }
    FAIL("it does not listen");
  }
  base::Child& server() { return *server_; }
  void stop() {
    server_->terminate();
    REQUIRE(server_->wait_for(std::chrono::seconds(20)));
    server_.reset();
  }

  std::string log() const { return base::read_text_file(home_ / "serve.log", base::ByteCount(16 * base::kMiB)); }
  // Also a line that comes soon.
  bool log_has(const std::string& part) const {
    for (int i = 0; i < 250; ++i) {
      if (log().find(part) != std::string::npos)
        return true;
      std::this_thread::sleep_for(std::chrono::milliseconds(20));
    }
    return false;
  }

 private:
  base::Command command(std::vector<std::string> words) const {
    std::vector<std::string> all;
    if (!network_.empty())
      all = {"ip", "netns", "exec", network_};
    all.emplace_back(JAUNT_PROGRAM);
    all.insert(all.end(), words.begin(), words.end());
    base::Command command{
        .argv = all,
        .environment = {"JAUNT_HOME=" + home_.string(), "JAUNT_IMAGES_FOLDERS=" + images_.string(),
                        "JAUNT_APPLIANCE_FOLDER=/var/tmp/jaunt-test-appliance", "JAUNT_APPLIANCE_USE=false"},
        .confinement = std::nullopt};
    command.environment.insert(command.environment.begin(), more_environment.begin(), more_environment.end());
    return command;
  }

  const std::filesystem::path home_;
  const std::filesystem::path images_;
  const std::string network_;
  std::optional<base::Child> server_;
  int port_ = 0;
};

}  // namespace jaunt::test_support
