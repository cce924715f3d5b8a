#include "engine/local_node.hpp"

#include <utility>

#include "base/text.hpp"
#include "engine/machine_server.hpp"
#include "transport/memory_link.hpp"

namespace jaunt::engine {

namespace fs = std::filesystem;

namespace {

fs::path existing_home(const fs::path& home) {
  std::error_code unreadable;
  if (!fs::is_directory(home, unreadable))
    throw base::Error(base::ErrorKind::not_found, "find the home", base::printable(home.string()),
                      "there is no such folder", "name the home of the node that has the machine: VM@home:DIR");
  return fs::canonical(home);
}

}  // namespace

LocalNode::LocalNode(const fs::path& home, base::Progress& progress, const base::CancelToken& cancel)
    : name_("home:" + existing_home(home).string()),
      home_(existing_home(home)),
      config_(valid_config(load_config(home_.path()))) {
  auto ends = transport::memory_link({.left = name_, .right = "the destination"}, cancel);
  link_ = std::move(ends.left);
  thread_ = std::thread([this, &progress, cancel, theirs = std::move(ends.right)]() mutable {
    try {
      serve_machine(*theirs, {.home = home_, .config = config_, .progress = progress, .cancel = cancel},
                    [](const transport::Body&) {});
    } catch (...) {
      failure_ = std::current_exception();
    }
    theirs.reset();
  });
}

LocalNode::~LocalNode() {
  link_.reset();
  if (thread_.joinable())
    thread_.join();
}

void LocalNode::finish() {
  link_->close();
  thread_.join();
  if (failure_)
    std::rethrow_exception(failure_);
}

}  // namespace jaunt::engine
