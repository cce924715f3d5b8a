#include "engine/settled_file.hpp"

#include <thread>
#include <utility>

#include <fcntl.h>

#include "base/error.hpp"
#include "base/file.hpp"
#include "base/text.hpp"
#include "disk/identity.hpp"

namespace jaunt::engine {

namespace {

// Longer than a tick of the clock that stamps files, so that of two writes the second shows.
constexpr std::chrono::milliseconds kBetween{20};

model::FileIdentity identity_of(const std::filesystem::path& path) {
  return disk::identify(base::File::open(path, O_RDONLY | O_NONBLOCK));
}

}  // namespace

std::string read_settled(const std::filesystem::path& path, base::ByteCount bytes_max,
                         std::chrono::milliseconds patience) {
  const auto deadline = std::chrono::steady_clock::now() + patience;
  auto before = identity_of(path);
  std::string last = base::read_text_file(path, bytes_max);
  do {
    std::this_thread::sleep_for(kBetween);
    std::string content = base::read_text_file(path, bytes_max);
    const auto after = identity_of(path);
    if (after == before && content == last)
      return content;
    before = after;
    last = std::move(content);
  } while (std::chrono::steady_clock::now() < deadline);
  throw base::Error(base::ErrorKind::busy, "read", base::printable(path.string()),
                    "it is being written to all the time", "try again when the machine is done with it");
}

}  // namespace jaunt::engine
