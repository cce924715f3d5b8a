#include <chrono>

#include <doctest/doctest.h>
#include <signal.h>
#include <unistd.h>

#include "base/process.hpp"
#include "disk/nbd_image.hpp"
#include "disk/nbd_server.hpp"
#include "support/skip.hpp"
#include "unit/disk/images.hpp"

using namespace jaunt;
using namespace jaunt::disk;
using namespace jaunt::disk::test;
using namespace std::chrono_literals;
using base::ByteCount;
using base::ByteOffset;
using base::Error;
using base::ErrorKind;

namespace {

constexpr auto kShort = 300ms;
constexpr auto kBound = 5s;

// The error of `work`, which must come within bounded time.
Error prompt_failure_of(const std::function<void()>& work) {
  const auto begin = std::chrono::steady_clock::now();
  Error error = failure_of(work);
  CHECK(std::chrono::steady_clock::now() - begin < kBound);
  return error;
}

struct ServedChain {
  Images images;
  std::unique_ptr<NbdServer> server;

  ServedChain() {
    make_three_layers(images);
    server = NbdServer::start(images.chain("top.qcow2"));
  }
  std::unique_ptr<Image> open() const {
    return open_nbd(server->address(), {.name = "disk", .size = {}, .tell_absent = false, .patience = kShort});
  }
};

}  // namespace

TEST_CASE("An export reads as the image it serves, from several connections at once") {
  const ServedChain served;
  const auto image = served.open();
  const auto one = image->reader();
  const auto two = image->reader();
  base::Bytes a(kCluster);
  base::Bytes b(kCluster);
  one->read(ByteOffset(0), a);
  two->read(ByteOffset(kCluster), b);
  CHECK(a == filled(kCluster, 1));
  CHECK(b == filled(kCluster, 2));
}

TEST_CASE("Large reads and reads across all boundaries give every byte") {
  const Images images;
  const base::Bytes content = noise(40 * base::kMiB, 5);
  write_file(images.path("disk.raw"), content);
  const auto server = NbdServer::start(images.chain("disk.raw"));
  const auto image = open_nbd(server->address());
  CHECK(read_all(*image) == content);
  CHECK(read_range(*image, 1048575, 3000001) == base::Bytes(content.begin() + 1048575, content.begin() + 4048576));
}

TEST_CASE("A server that is stopped is an error in bounded time, and works again when it goes on") {
  const ServedChain served;
  const auto image = served.open();
  const auto reader = image->reader();
  base::Bytes buffer(4096);
  reader->read(ByteOffset(0), buffer);
  ::kill(served.server->pid(), SIGSTOP);
  CHECK(prompt_failure_of([&] { reader->read(ByteOffset(0), buffer); }).kind() == ErrorKind::io);
  CHECK(prompt_failure_of([&] { reader->allocation(ByteOffset(0), ByteCount(4096)); }).kind() == ErrorKind::io);
  CHECK(prompt_failure_of([&] { served.open(); }).kind() == ErrorKind::io);
  CHECK_FALSE(served.server->obituary(0ms).has_value());
  ::kill(served.server->pid(), SIGCONT);
  reader->read(ByteOffset(kCluster), buffer);
  CHECK(buffer == filled(4096, 2));
}

TEST_CASE("A server that is killed is an error and tells how it ended") {
  const ServedChain served;
  const auto image = served.open();
  const auto reader = image->reader();
  base::Bytes buffer(4096);
  reader->read(ByteOffset(0), buffer);
  ::kill(served.server->pid(), SIGKILL);
  CHECK(prompt_failure_of([&] { reader->read(ByteOffset(0), buffer); }).kind() == ErrorKind::io);
  CHECK(prompt_failure_of([&] { served.open(); }).kind() == ErrorKind::io);
  CHECK(served.server->obituary(1s).value().find("signal 9") != std::string::npos);
}

TEST_CASE("An image that the server cannot open is refused with the server's words") {
  const Images images;
  make_three_layers(images);
  const Chain chain = images.chain("top.qcow2");
  patch_file(images.path("middle.qcow2"), 40, filled(8, 0x7f));  // where its first table lies
  const Error error = prompt_failure_of([&] { NbdServer::start(chain); });
  CHECK(error.kind() == ErrorKind::corrupt);
  CHECK(error.subject() == images.path("top.qcow2"));
  CHECK(std::string(error.what()).find("L1 table") != std::string::npos);
}

TEST_CASE("A server that takes its socket down leaves nothing behind") {
  std::filesystem::path socket;
  pid_t pid = 0;
  {
    const ServedChain served;
    socket = served.server->address().socket;
    pid = served.server->pid();
    CHECK((std::filesystem::status(socket.parent_path()).permissions() & std::filesystem::perms::all) ==
          std::filesystem::perms::owner_all);
  }
  CHECK_FALSE(std::filesystem::exists(socket.parent_path()));
  CHECK(::kill(pid, 0) != 0);
}

TEST_CASE("The server is not root and serves no writer") {
  const ServedChain served;
  const std::string status =
      base::read_text_file("/proc/" + std::to_string(served.server->pid()) + "/status", ByteCount(base::kMiB));
  if (::geteuid() == 0)
    CHECK(status.find("Uid:\t65534\t65534\t65534\t65534") != std::string::npos);
  const auto written = base::run({.argv = {"qemu-io", "-f", "raw", "-c", "write -P 1 0 4k",
                                           "nbd+unix:///?socket=" + served.server->address().socket.string()},
                                  .environment = {},
                                  .confinement = {}},
                                 20s, ByteCount(base::kMiB));
  CHECK_FALSE(written.status.success());
}

TEST_CASE("Another user may connect when the server is told so") {
  JAUNT_SKIP_UNLESS(::geteuid() == 0, "only root can act for another user");
  const Images images;
  make_three_layers(images);
  const auto as_nobody = [&](const NbdServer& server) {
    return base::run({.argv = {"setpriv", "--reuid=65533", "--clear-groups", "qemu-img", "info",
                               "nbd+unix:///?socket=" + server.address().socket.string()},
                      .environment = {},
                      .confinement = {}},
                     20s, ByteCount(base::kMiB))
        .status.success();
  };
  CHECK_FALSE(as_nobody(*NbdServer::start(images.chain("top.qcow2"))));
  NbdServerOptions options;
  options.client = 65533;
  CHECK(as_nobody(*NbdServer::start(images.chain("top.qcow2"), options)));
}

TEST_CASE("An export whose size changes between connections is refused") {
  const Images images;
  write_file(images.path("one.raw"), noise(base::kMiB, 1));
  write_file(images.path("two.raw"), noise(2 * base::kMiB, 1));
  const auto one = NbdServer::start(images.chain("one.raw"));
  const auto two = NbdServer::start(images.chain("two.raw"));
  const auto link = images.path("socket");
  std::filesystem::create_symlink(one->address().socket, link);
  const auto image = open_nbd({.socket = link, .export_name = ""});
  CHECK(read_range(*image, 0, 16) == noise(16, 1));
  std::filesystem::remove(link);
  std::filesystem::create_symlink(two->address().socket, link);
  CHECK_THROWS_WITH_AS(read_range(*image, 0, 16), doctest::Contains("size changed"), Error);
}

TEST_CASE("A dirty bitmap tells what changed since it was made") {
  const Images images;
  images.run({"qemu-img", "create", "-q", "-f", "qcow2", "disk.qcow2", "64M"});
  images.qemu_io("write -P 1 0 64k", "disk.qcow2");
  images.run({"qemu-img", "bitmap", "--add", "disk.qcow2", "b0"});
  images.qemu_io("write -P 2 1M 64k", "disk.qcow2");
  images.qemu_io("write -P 2 32M 128k", "disk.qcow2");
  const Chain chain = images.chain("disk.qcow2");
  REQUIRE(chain.parts[0].bitmaps == std::vector<std::string>{"b0"});
  NbdServerOptions options;
  options.bitmaps = {"b0"};
  const auto server = NbdServer::start(chain, options);
  model::ExtentSet expected;
  expected.insert({ByteOffset(base::kMiB), ByteCount(kCluster)});
  expected.insert({ByteOffset(32 * base::kMiB), ByteCount(2 * kCluster)});
  CHECK(dirty_extents(server->address(), "qemu:dirty-bitmap:b0") == expected);
  CHECK(failure_of([&] { dirty_extents(server->address(), "qemu:dirty-bitmap:b1"); }).kind() == ErrorKind::not_found);
}

TEST_CASE("An address where nobody listens is an error") {
  const Images images;
  CHECK(prompt_failure_of([&] { open_nbd({.socket = images.path("none"), .export_name = ""}); }).kind() ==
        ErrorKind::io);
}
