// Two homes, and an image of which the destination holds parts in all the ways that there are.
#pragma once

#include "chunkstore/store.hpp"
#include "chunkstore/store_writer.hpp"
#include "integration/two_homes.hpp"

namespace jaunt::test_support {

// What a program said, one JSON document in each line.
inline std::vector<Json> lines_of(const std::string& text) {
  std::vector<Json> lines;
  std::istringstream stream(text);
  for (std::string line; std::getline(stream, line);)
    lines.push_back(Json::parse(line));
  return lines;
}

inline std::string content(const fs::path& file) {
  return base::read_text_file(file, base::ByteCount(base::kGiB));
}

// What a home's store has beside all images.
inline void put_into_store(const fs::path& home, const Blocks& blocks) {
  const base::TemporaryDirectory scratch;
  const std::string bytes = content(image_of(scratch.path() / "stored", blocks));
  std::vector<model::BlockId> ids;
  for (std::size_t at = 0; at < bytes.size(); at += kBlock)
    ids.push_back(*model::BlockHasher().id_of(base::as_bytes(std::string_view(bytes).substr(at, kBlock))));
  const chunkstore::Store store(home);
  auto writer = store.write({});
  writer.put(ids, base::as_bytes(bytes));
  writer.commit();
}

struct TeleportScene : TwoHomes {
  fs::path base = image_of(images / "base.raw", numbered(1, 1000));
  fs::path other = image_of(images / "other.raw", numbered(5000, 400));
  fs::path wanted;
  fs::path here = folder.path() / "here";  // for targets

  // 300 blocks where the base has them, 200 of it elsewhere, 100 of another image, 30 of the store, 50 zero, and so
  // many of nobody.
  explicit TeleportScene(std::size_t of_nobody = 600) {
    fs::create_directory(here);
    wanted = image_of(images / "wanted.raw", numbered(1, 300) + Blocks(50) + numbered(5100, 100) +
                                                 numbered(9000, of_nobody) + numbered(601, 200) + numbered(7000, 30));
    for (const fs::path& image : {base, other})
      catalogue(destination, image, "raw");
    put_into_store(destination, numbered(7000, 30));
  }

  base::Captured teleport(std::vector<std::string> options = {}) const {
    options.insert(options.begin(), {"teleport", "--json", "--format", "raw"});
    if (std::ranges::find(options, "--to") == options.end())
      options.insert(options.end(), {"--to", target().string()});
    if (std::ranges::find(options, "--plan") == options.end())
      options.push_back(wanted.string() + "@home:" + source.string());
    return jaunt(options);
  }
  fs::path target() const { return here / "wanted.raw"; }

  std::vector<Json> jobs() const { return lines_of(jaunt({"job", "list", "--json"}).out); }

  // Neither hidden files nor promises are left.
  void expect_tidy() const {
    for (const auto& entry : fs::directory_iterator(here))
      CHECK(entry.path().filename().string().front() != '.');
    CHECK(jobs().empty());
    CHECK(chunkstore::Store(destination).references().list().empty());
    CHECK(jaunt({"plan", "--list", "--json"}).out.empty());
  }
};

// The last line of JSON Lines.
inline Json summary_of(const base::Captured& result) {
  INFO(result.err << result.out);
  REQUIRE(result.status.code == 0);
  const Json summary = lines_of(result.out).back();
  REQUIRE(summary["type"] == "summary");
  return summary;
}

inline Json error_of(const base::Captured& result) {
  INFO(result.err << result.out);
  const std::vector<Json> lines = lines_of(result.out);
  REQUIRE(!lines.empty());
  return lines.back();
}

}  // namespace jaunt::test_support
