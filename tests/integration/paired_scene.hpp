// Two paired nodes: one that serves images to all tests of a program, and a destination for each test.
#pragma once

#include <csignal>

#include <sys/stat.h>

#include "support/served_home.hpp"
#include "support/teleport_scene.hpp"

namespace jaunt::test_support {

inline constexpr std::uint64_t kOfNobody = 3000;  // blocks that only the source has

inline std::uint64_t allocated(const fs::path& file) {
  struct stat status {};
  return ::stat(file.c_str(), &status) == 0 ? static_cast<std::uint64_t>(status.st_blocks) * 512 : 0;
}

// Of the image that is wanted, by now in this folder.
inline std::uint64_t placed_in(const fs::path& folder) {
  for (const auto& entry : fs::directory_iterator(folder))
    if (entry.path().filename().string().starts_with(".wanted.raw.jaunt-"))
      return allocated(entry.path());
  return 0;
}

// The node that all tests fetch from: looking into its image takes longest, and is done once.
struct Source {
  base::TemporaryDirectory folder{"/var/tmp"};
  fs::path images = made(folder.path() / "images");
  fs::path base = image_of(images / "base.raw", numbered(1, 1000));
  fs::path wanted = image_of(images / "wanted.raw", numbered(1, 700) + Blocks(50) + numbered(9000, kOfNobody));
  ServedHome home{folder.path() / "source", images};

  Source() { home.serve(); }
  static Source& shared() {
    static Source source;
    return source;
  }
  static fs::path made(const fs::path& folder) {
    fs::create_directory(folder);
    return folder;
  }
};

// A destination that is paired with it and has the base.
struct Scene {
  Source& there = Source::shared();
  ServedHome& source = there.home;
  const fs::path& wanted = there.wanted;
  base::TemporaryDirectory folder{"/var/tmp"};
  fs::path here = Source::made(folder.path() / "here");
  fs::path target = here / "wanted.raw";
  ServedHome destination{folder.path() / "destination", there.images};

  explicit Scene(const std::string& verbs = "describe,send") {
    catalogue(destination.path(), there.base, "raw");
    pair(verbs, source.port());
  }
  ~Scene() { source.jaunt({"node", "remove", destination_name_}); }
  Scene(const Scene&) = delete;
  Scene& operator=(const Scene&) = delete;

  // The source is called at this port.
  void pair(const std::string& verbs, int port) {
    const std::string token = source.json({"node", "invite", "--grant", verbs})["token"];
    destination.json({"node", "pair", "--name", "storage", fmt::format("127.0.0.1:{}", port)}, token + "\n");
    destination_name_ = source.json({"node", "list"})["name"];
  }
  // As the source calls the destination.
  const std::string& peer() const { return destination_name_; }
  void serve_again(const std::vector<std::string>& environment = {}) const {
    source.more_environment = environment;
    source.serve(fmt::format("127.0.0.1:{}", source.port()));
  }

  base::Captured teleport(std::vector<std::string> options = {}) const {
    options.insert(options.begin(), {"teleport", "--json", "--format", "raw", "--to", target.string()});
    options.push_back(wanted.string() + "@storage");
    return destination.jaunt(options);
  }
  // One whose program is killed when the base's tiles and some others are in place.
  void begin_teleport(const std::vector<std::string>& options = {}) {
    destination.more_environment = {"JAUNT_KILL_AT=tile proved:6"};
    CHECK(teleport(options).status.signal == SIGKILL);
    destination.more_environment.clear();
  }
  base::Captured resume() const {
    const Json job = destination.json({"job", "list"});
    CHECK(job["resumable"] == true);
    return destination.jaunt({"job", "resume", "--json", job["id"]});
  }

  // Of the target, by now.
  std::uint64_t placed() const { return placed_in(here); }
  bool nothing_begun() const {
    return fs::is_empty(here) && destination.jaunt({"job", "list", "--json"}).out.empty();
  }

 private:
  std::string destination_name_;
};

}  // namespace jaunt::test_support
