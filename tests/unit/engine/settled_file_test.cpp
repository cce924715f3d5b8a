#include "engine/settled_file.hpp"

#include <thread>

#include <doctest/doctest.h>
#include <fcntl.h>

#include "base/error.hpp"
#include "base/file.hpp"

using namespace jaunt;
using namespace std::chrono_literals;

namespace {

constexpr std::size_t kBytes = 540'672;  // as many as the variables of OVMF take

// Fills a file with one letter after another, in pieces.
class Scribbler {
 public:
  Scribbler(const std::filesystem::path& path, std::chrono::milliseconds lasting)
      : file_(base::File::open(path, O_RDWR | O_CREAT)) {
    write('a');
    thread_ = std::jthread([this, lasting](const std::stop_token& stop) {
      const auto end = std::chrono::steady_clock::now() + lasting;
      for (char letter = 'a'; !stop.stop_requested() && std::chrono::steady_clock::now() < end;)
        write(letter = letter == 'z' ? 'a' : static_cast<char>(letter + 1));
    });
  }

 private:
  void write(char letter) {
    const std::string piece(4096, letter);
    for (std::size_t at = 0; at < kBytes; at += piece.size())
      file_.write_all(base::ByteOffset(at), base::as_bytes(piece));
  }

  base::File file_;
  std::jthread thread_;
};

}  // namespace

TEST_CASE("A file that is written to is read as it was at one moment") {
  const base::TemporaryDirectory folder;
  const Scribbler scribbler(folder.path() / "vars", 300ms);
  const std::string content = engine::read_settled(folder.path() / "vars", base::ByteCount(base::kMiB), 60s);
  // Whole pieces of one letter, and before them those of the next one, as far as it had come.
  const std::size_t come = content.find_first_not_of(content.front());
  const std::size_t last = content.find_last_not_of(content.back());
  CHECK(content.size() == kBytes);
  if (come != content.npos) {
    CHECK(come == last + 1);
    CHECK(come % 4096 == 0);
    CHECK((content.front() - content.back() + 26) % 26 == 1);
  }
}

TEST_CASE("A file that never comes to rest is busy") {
  try {
    engine::read_settled("/proc/uptime", base::ByteCount(base::kMiB), 200ms);
    FAIL("it was read");
  } catch (const base::Error& failure) {
    CHECK(failure.kind() == base::ErrorKind::busy);
  }
}
