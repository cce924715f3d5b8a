// Another home on this machine, answering as another host's node would.
#pragma once

#include <exception>
#include <filesystem>
#include <memory>
#include <string>
#include <thread>

#include "engine/config.hpp"
#include "engine/describe_job.hpp"
#include "engine/home.hpp"
#include "transport/link.hpp"

namespace jaunt::engine {

// It works on a thread of its own, until it is destroyed.
class LocalNode {
 public:
  // Throws not_found where there is no home. `progress` is told what the node does.
  LocalNode(const std::filesystem::path& home, base::Progress& progress, const base::CancelToken& cancel);
  ~LocalNode();
  LocalNode(const LocalNode&) = delete;
  LocalNode& operator=(const LocalNode&) = delete;

  const std::string& name() const { return name_; }  // "home:/var/lib/jaunt"
  transport::Link& link() { return *link_; }

  // Ends the conversation. Throws what stood in the node's way, with all it has to say.
  void finish();

 private:
  std::string name_;
  Home home_;
  Config config_;
  std::unique_ptr<transport::Link> link_;
  std::exception_ptr failure_;
  std::thread thread_;
};

}  // namespace jaunt::engine
