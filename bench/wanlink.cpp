// A long thin link in user space between two network namespaces, for machines whose kernel has no netem: each end is
// a tun device, and every packet waits for its turn on the line and for the way. bench/wan.py sets it up.
#include <algorithm>
#include <array>
#include <atomic>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <deque>
#include <exception>
#include <optional>
#include <random>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include <fcntl.h>
#include <fmt/format.h>
#include <linux/if_tun.h>
#include <net/if.h>
#include <poll.h>
#include <sched.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <unistd.h>

#include "base/error.hpp"
#include "base/file.hpp"
#include "base/quantity.hpp"

using namespace jaunt;

namespace {

using Clock = std::chrono::steady_clock;
using std::chrono::nanoseconds;

constexpr const char* kUsage =
    "usage: wanlink LEFT RIGHT [OPTION...]\n"
    "Joins two network namespaces by devices named wan0 until its standard input ends, then prints what crossed.\n"
    "  --rate R     of the line, like 10Mbit; packets count from their IP header on. Without it, none\n"
    "  --delay D    of the way, like 20ms; the same again on the way back\n"
    "  --jitter J   more or less delay by up to so much; packets stay in order\n"
    "  --loss P     percent of packets that vanish\n"
    "  --queue B    bytes that may wait for the line; more are dropped. By default what it carries in 100 ms\n"
    "Each also as --left-rate and so on for what LEFT sends alone, and --right-rate for RIGHT.\n";

struct Way {
  double bytes_per_second = 0;  // 0: as fast as it comes
  nanoseconds delay{0};
  nanoseconds jitter{0};
  double loss = 0;
  std::optional<std::uint64_t> queue_bytes;

  std::uint64_t queue() const {
    return queue_bytes.value_or(
        std::max<std::uint64_t>(64 * base::kKiB, static_cast<std::uint64_t>(bytes_per_second / 10)));
  }
};

struct Counts {
  std::uint64_t packets = 0;
  std::uint64_t bytes = 0;
  std::uint64_t lost = 0;
  std::uint64_t dropped = 0;  // because the queue was full
};

// One direction; its own thread.
class Direction {
 public:
  Direction(Way way, int from, int to) : way_(way), from_(from), to_(to) {}

  void run(const std::atomic<bool>& ending) {
    ::prctl(PR_SET_TIMERSLACK, 1UL);
    // Whoever else wants the processor, a line's delay is the same. Without the right to it, it works all the same.
    const sched_param first{.sched_priority = 1};
    ::sched_setscheduler(0, SCHED_FIFO, &first);
    while (!ending) {
      deliver();
      wait();
      take();
    }
  }

  const Counts& counts() const { return counts_; }

 private:
  struct Packet {
    Clock::time_point arrives;
    std::vector<std::byte> bytes;
  };

  void deliver() {
    const auto now = Clock::now();
    while (!under_way_.empty() && under_way_.front().arrives <= now) {
      const auto& bytes = under_way_.front().bytes;
      // A device that is down or full loses it, as a router would.
      if (::write(to_, bytes.data(), bytes.size()) == static_cast<ssize_t>(bytes.size())) {
        ++counts_.packets;
        counts_.bytes += bytes.size();
      }
      under_way_.pop_front();
    }
  }

  void wait() const {
    constexpr nanoseconds longest = std::chrono::milliseconds(50);
    const nanoseconds until = under_way_.empty() ? longest : under_way_.front().arrives - Clock::now();
    const nanoseconds span = std::clamp(until, nanoseconds(0), longest);
    const timespec timeout{.tv_sec = 0, .tv_nsec = span.count()};
    pollfd ready{.fd = from_, .events = POLLIN, .revents = 0};
    ::ppoll(&ready, 1, &timeout, nullptr);
  }

  void take() {
    // Not more at a time than leaves what is due on time.
    for (int i = 0; i < 64; ++i) {
      const ssize_t length = ::read(from_, buffer_.data(), buffer_.size());
      if (length <= 0)
        return;
      admit(std::span(buffer_).first(static_cast<std::size_t>(length)));
    }
  }

  void admit(std::span<const std::byte> packet) {
    const auto now = Clock::now();
    if (chance_(random_) < way_.loss) {
      ++counts_.lost;
      return;
    }
    auto sent = now;
    if (way_.bytes_per_second > 0) {
      line_free_ = std::max(line_free_, now);
      const double waiting = std::chrono::duration<double>(line_free_ - now).count() * way_.bytes_per_second;
      if (waiting + static_cast<double>(packet.size()) > static_cast<double>(way_.queue())) {
        ++counts_.dropped;
        return;
      }
      const double seconds = static_cast<double>(packet.size()) / way_.bytes_per_second;
      line_free_ += std::chrono::duration_cast<nanoseconds>(std::chrono::duration<double>(seconds));
      sent = line_free_;
    }
    auto arrives = sent + way_.delay;
    if (way_.jitter.count() > 0)
      arrives += nanoseconds(
          static_cast<std::int64_t>((2 * chance_(random_) - 1) * static_cast<double>(way_.jitter.count())));
    last_ = std::max(last_, arrives);
    under_way_.push_back({last_, {packet.begin(), packet.end()}});
  }

  Way way_;
  int from_;
  int to_;
  Counts counts_;
  std::deque<Packet> under_way_;
  Clock::time_point line_free_{};
  Clock::time_point last_{};
  std::array<std::byte, 65536> buffer_{};
  std::mt19937_64 random_{std::random_device{}()};
  std::uniform_real_distribution<double> chance_{0, 1};
};

// A device named wan0 in that namespace; it goes with its descriptor.
base::Fd open_device(const std::string& name_space) {
  base::Fd device;
  std::exception_ptr failure;
  std::thread([&] {  // only this thread moves into the namespace
    try {
      const auto place = base::File::open("/run/netns/" + name_space, O_RDONLY);
      const bool moved = ::setns(place.fd(), CLONE_NEWNET) == 0;
      base::Fd tun(moved ? ::open("/dev/net/tun", O_RDWR | O_NONBLOCK | O_CLOEXEC) : -1);
      ifreq request{};
      request.ifr_flags = IFF_TUN | IFF_NO_PI;
      std::strncpy(request.ifr_name, "wan0", sizeof request.ifr_name - 1);
      if (!tun || ::ioctl(tun.get(), TUNSETIFF, &request) != 0)
        throw base::Error(base::ErrorKind::io, "make the device wan0", name_space, std::strerror(errno));
      device = std::move(tun);
    } catch (...) {
      failure = std::current_exception();
    }
  })
      .join();
  if (failure)
    std::rethrow_exception(failure);
  return device;
}

[[noreturn]] void misused() {
  std::fputs(kUsage, stderr);
  std::exit(2);
}

template <typename T>
T given(const std::optional<T>& value) {
  if (!value)
    misused();
  return *value;
}

double number(const char* text) {
  char* end = nullptr;
  const double value = std::strtod(text, &end);
  if (end == text || *end != 0 || value < 0)
    misused();
  return value;
}

void set(Way& way, std::string_view name, const char* value) {
  if (name == "rate")
    way.bytes_per_second = static_cast<double>(given(base::parse_rate(value)).value);
  else if (name == "delay")
    way.delay = given(base::parse_duration(value));
  else if (name == "jitter")
    way.jitter = given(base::parse_duration(value));
  else if (name == "loss")
    way.loss = number(value) / 100;
  else if (name == "queue")
    way.queue_bytes = static_cast<std::uint64_t>(number(value));
  else
    misused();
}

void print(const char* name, const Counts& counts, const char* end) {
  fmt::print(R"("{}": {{"packets": {}, "bytes": {}, "lost": {}, "dropped": {}}}{})", name, counts.packets,
             counts.bytes, counts.lost, counts.dropped, end);
}

int run(const std::vector<const char*>& arguments) {
  if (arguments.size() < 2 || arguments.size() % 2 != 0)
    misused();
  Way from_left, from_right;
  for (std::size_t i = 2; i < arguments.size(); i += 2) {
    const std::string_view option = arguments[i];
    if (option.starts_with("--left-")) {
      set(from_left, option.substr(7), arguments[i + 1]);
    } else if (option.starts_with("--right-")) {
      set(from_right, option.substr(8), arguments[i + 1]);
    } else if (option.starts_with("--")) {
      set(from_left, option.substr(2), arguments[i + 1]);
      set(from_right, option.substr(2), arguments[i + 1]);
    } else {
      misused();
    }
  }
  const base::Fd left = open_device(arguments[0]);
  const base::Fd right = open_device(arguments[1]);
  Direction rightward(from_left, left.get(), right.get());
  Direction leftward(from_right, right.get(), left.get());
  std::atomic<bool> ending = false;
  std::thread first([&] { rightward.run(ending); });
  std::thread second([&] { leftward.run(ending); });
  std::puts("ready");
  std::fflush(stdout);
  while (std::getchar() != EOF) {
  }
  ending = true;
  first.join();
  second.join();
  fmt::print("{{");
  print("left", rightward.counts(), ", ");
  print("right", leftward.counts(), "}\n");
  return 0;
}

}  // namespace

int main(int argc, char** argv) {
  try {
    return run({argv + 1, argv + argc});
  } catch (const std::exception& error) {
    std::fprintf(stderr, "wanlink: %s\n", error.what());
    return 1;
  }
}
