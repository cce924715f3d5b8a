// Packages fetched and unpacked, several at a time, into a folder.
#pragma once

#include <array>
#include <filesystem>
#include <functional>
#include <string>
#include <vector>

#include "mirror/download.hpp"
#include "mirror/package_name.hpp"

namespace jaunt::mirror {

// How one package ended.
enum class PackageEnd { ready, absent, unreachable, lying, broken, not_worth_it };
inline constexpr std::size_t kPackageEnds = 6;
std::string_view to_string(PackageEnd end);

struct PackageResult {
  model::Package package;
  PackageEnd end = PackageEnd::unreachable;
  std::filesystem::path file = {};  // of a ready one
  std::string cause = {};
};

struct FetchPlan {
  std::vector<Offered> packages;  // in the order in which they are fetched; of one package the first that comes counts
  std::function<std::filesystem::path(const model::Package&)> file_of;
  unsigned unpackers = 2;
  // Whether it still pays, asked before each; by what was seen of the mirror so far.
  std::function<bool(const Offered&)> worth = [](const Offered&) { return true; };
  std::function<bool()> give_up = [] { return false; };  // everything that is not here yet
  std::function<void(base::ByteCount)> advanced = [](base::ByteCount) {};  // bytes that came, any thread
};

// One result for each package. Throws only Cancelled, and what keeps this host from unpacking anything at all.
std::vector<PackageResult> fetch_packages(const FetchPlan& plan, Downloads& downloads, const base::CancelToken& cancel);

}  // namespace jaunt::mirror
