// Where the disks of a teleported machine go.
#pragma once

#include <filesystem>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "disk/chain.hpp"
#include "model/plan.hpp"

namespace jaunt::engine {

// The hidden file until the disk is proved, and its final name.
struct DiskPlace {
  std::filesystem::path hidden;
  std::filesystem::path path;
  std::string format;
  std::optional<disk::Chain> backing = {};  // of one that is to be thin
};

struct TargetWish {
  std::filesystem::path to;       // a file, or a folder for every disk's file
  std::string format{};           // "raw" or "qcow2"; empty: as the file's name says, else raw
  std::string name{};             // of the machine here; empty: as at its source
  bool thin = false;              // then it is qcow2
  std::set<std::string> media{};  // targets that are media: raw, whatever the disks are
};

// One for each disk of the plan, in its order. Throws usage where one file is to be several disks, or a raw one thin,
// and corrupt where a name that the source has given is none that a file may have.
std::vector<DiskPlace> target_places(const model::Plan& plan, const TargetWish& wish, const std::string& job);

// The final name of what such a hidden file of a job is to become.
std::filesystem::path final_place(const std::filesystem::path& hidden, const std::string& job);

}  // namespace jaunt::engine
