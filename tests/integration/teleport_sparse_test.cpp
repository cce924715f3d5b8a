// A disk of 8 TiB that is nearly empty: memory does not grow with what is not there.
#include <cstring>
#include <random>

#include <fcntl.h>
#include <unistd.h>

#include "integration/paired_scene.hpp"
#include "support/peak_memory.hpp"

using namespace jaunt;
using namespace jaunt::test_support;
using namespace std::chrono_literals;

namespace {

constexpr std::uint64_t kSize = std::uint64_t{8} << 40;
constexpr std::size_t kPieceBlocks = 16;

// Pieces of 64 KiB whose blocks are numbers from there on, all over the disk; which places these are the count tells.
void scatter(const fs::path& path, std::size_t pieces, std::uint64_t first) {
  const auto file = base::File::open(path, O_RDWR | O_CREAT);
  file.truncate(base::ByteCount(kSize));
  std::mt19937_64 places(pieces);
  for (std::size_t piece = 0; piece < pieces; ++piece) {
    base::Bytes bytes(kPieceBlocks * kBlock);
    std::mt19937_64 random(first + piece);
    for (std::size_t at = 0; at < bytes.size(); at += 8) {
      const std::uint64_t number = random();
      std::memcpy(bytes.data() + at, &number, sizeof number);
    }
    const std::uint64_t at = places() % (kSize / kBlock - kPieceBlocks) * kBlock;
    file.write_all(base::ByteOffset(at), bytes);
  }
}

// Read anew. That nobody could look inside makes it a part of a description.
std::string root_of(const fs::path& image, const ServedHome& home) {
  const base::Captured described = home.jaunt({"describe", "--json", "--format", "raw", image.string()});
  INFO(described.out << described.err);
  REQUIRE((described.status.code == 0 || described.status.code == 3));
  return Json::parse(described.out)["disks"][0]["root"];
}

}  // namespace

TEST_CASE("A disk of 8 TiB with little on it is teleported in less than 512 MiB at either end") {
  const Scene scene;
  const fs::path base = scene.there.images / "huge-base.raw";
  const fs::path wanted = scene.there.images / "huge.raw";
  const struct Removed {
    const fs::path& a;
    const fs::path& b;
    ~Removed() {
      fs::remove(a);
      fs::remove(b);
    }
  } removed{base, wanted};
  scatter(base, 2000, 1);
  scatter(wanted, 2000, 1);     // the same 125 MiB,
  scatter(wanted, 3000, 9000);  // and 187 MiB that nobody else has
  catalogue(scene.destination.path(), base, "raw");

  const auto began = std::chrono::steady_clock::now();
  auto teleport = scene.destination.begin({"teleport", "--json", "--format", "raw", "--rate", "100Mbit", "--to",
                                           scene.target.string(), wanted.string() + "@storage"},
                                          scene.folder.path() / "output");
  PeakMemory source(scene.source.server().pid());
  PeakMemory destination(teleport.pid());
  const auto status = teleport.wait_for(5min);
  REQUIRE(status);
  const std::chrono::duration<double> took = std::chrono::steady_clock::now() - began;
  const std::string said = content(scene.folder.path() / "output");
  REQUIRE_MESSAGE(status->success(), said);
  const Json summary = lines_of(said).back();
  MESSAGE("8 TiB with ", allocated(wanted) >> 20, " MiB took ", took.count(), " s, ",
          summary["wire_bytes_received"].get<std::uint64_t>() >> 20, " MiB on the link; anonymous memory at most ",
          source.peak() >> 20, " MiB at the source and ", destination.peak() >> 20, " MiB at the destination");
  CHECK(source.peak() > 0);
  CHECK(destination.peak() > 0);
  CHECK(source.peak() < 512 * base::kMiB);
  CHECK(destination.peak() < 512 * base::kMiB);
  CHECK(summary["bytes_by_source"]["base"].get<std::uint64_t>() > 1900 * kPieceBlocks * kBlock);
  CHECK(fs::file_size(scene.target) == kSize);
  CHECK(allocated(scene.target) < allocated(wanted) + base::kMiB);
  // By a home that knows nothing of either.
  ServedHome other(scene.folder.path() / "other", "/var/tmp");
  CHECK(root_of(scene.target, other) == root_of(wanted, other));
  CHECK(root_of(wanted, other) == summary["disks"][0]["root"]);
}
