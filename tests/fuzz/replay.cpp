// Replays a fuzz target's corpus, and seeded mutations of it, without libFuzzer:
//   fuzz_x CORPUS_FOLDER         every file, then JAUNT_MUTATIONS (200) mutations of each, from JAUNT_SEED (1)
//   fuzz_x FILE [MUTATION]       that file alone, or that mutation of it
// A failure names the file, the mutation and the seed, so that it can be replayed alone. Time is bounded: mutations
// end after JAUNT_REPLAY_SECONDS (10), one input may take 20 seconds.
#include <algorithm>
#include <chrono>
#include <csignal>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <exception>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <random>
#include <string>
#include <vector>

#include <sys/resource.h>
#include <unistd.h>

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size);
extern "C" void __sanitizer_set_death_callback(void (*callback)()) __attribute__((weak));

namespace {

namespace fs = std::filesystem;
using Input = std::vector<std::uint8_t>;

constexpr unsigned kSecondsPerInputMax = 20;
constexpr rlim_t kAddressSpaceMax = rlim_t{4} << 30;
constexpr std::size_t kInputBytesMax = std::size_t{1} << 20;

// Where the replay is, ready to be written by a signal handler.
char position[512];

void tell_position() {
  const auto length = std::char_traits<char>::length(position);
  if (write(STDERR_FILENO, position, length) < 0)
    _exit(1);
}

extern "C" void on_signal(int signal) {
  tell_position();
  std::signal(signal, SIG_DFL);
  std::raise(signal);
}

void report_crashes() {
  for (const int signal : {SIGABRT, SIGALRM})
    std::signal(signal, on_signal);
  if (__sanitizer_set_death_callback != nullptr) {
    __sanitizer_set_death_callback(tell_position);
    return;
  }
  for (const int signal : {SIGSEGV, SIGBUS, SIGFPE, SIGILL})
    std::signal(signal, on_signal);
  // A length that an attacker chose shows as an allocation that fails. Sanitizers reserve terabytes themselves.
  const rlimit limit{kAddressSpaceMax, kAddressSpaceMax};
  setrlimit(RLIMIT_AS, &limit);
}

std::uint64_t setting(const char* name, std::uint64_t otherwise) {
  const char* value = std::getenv(name);
  return value == nullptr ? otherwise : std::stoull(value);
}

Input read_input(const fs::path& path) {
  std::ifstream file(path, std::ios::binary);
  if (!file)
    throw std::runtime_error("cannot read " + path.string());
  return Input(std::istreambuf_iterator<char>(file), {});
}

std::uint64_t below(std::mt19937_64& random, std::uint64_t bound) {
  return bound == 0 ? 0 : random() % bound;
}

// Values at which length and offset arithmetic breaks.
std::uint64_t awkward_integer(std::mt19937_64& random) {
  const std::uint64_t power = std::uint64_t{1} << below(random, 64);
  switch (below(random, 4)) {
    case 0:
      return power;
    case 1:
      return power - 1;
    case 2:
      return ~power + 1;
    default:
      return ~std::uint64_t{0};
  }
}

void mutate_once(Input& input, std::mt19937_64& random) {
  const std::size_t at = below(random, input.size());
  switch (below(random, 6)) {
    case 0:
      if (!input.empty())
        input[at] ^= static_cast<std::uint8_t>(1u << below(random, 8));
      break;
    case 1:
      if (!input.empty())
        input[at] = static_cast<std::uint8_t>(random());
      break;
    case 2:
      input.resize(at);
      break;
    case 3: {
      const std::uint64_t value = awkward_integer(random);
      const std::size_t width = std::min<std::size_t>(std::size_t{1} << below(random, 4), input.size() - at);
      const bool big_endian = below(random, 2) == 1;
      for (std::size_t i = 0; i < width; ++i)
        input[at + i] = static_cast<std::uint8_t>(value >> (8 * (big_endian ? width - 1 - i : i)));
      break;
    }
    case 4: {  // a piece again, elsewhere
      const auto from = input.begin() + static_cast<std::ptrdiff_t>(below(random, input.size()));
      const Input piece(
          from, from + static_cast<std::ptrdiff_t>(std::min<std::size_t>(below(random, 64), input.end() - from)));
      input.insert(input.begin() + static_cast<std::ptrdiff_t>(at), piece.begin(), piece.end());
      break;
    }
    default:
      input.erase(
          input.begin() + static_cast<std::ptrdiff_t>(at),
          input.begin() + static_cast<std::ptrdiff_t>(std::min<std::size_t>(input.size(), at + below(random, 16))));
  }
}

Input mutation(Input input, std::uint64_t seed, std::uint64_t number) {
  std::seed_seq words{seed >> 32, seed & 0xFFFFFFFF, number};
  std::mt19937_64 random(words);
  for (std::uint64_t i = 0, rounds = 1 + below(random, 4); i < rounds; ++i)
    mutate_once(input, random);
  input.resize(std::min(input.size(), kInputBytesMax));
  return input;
}

// Number 0 is the file itself.
void run(const fs::path& path, const Input& input, std::uint64_t seed, std::uint64_t number) {
  std::snprintf(position, sizeof position, "\nreplay: failed on %s mutation %llu with JAUNT_SEED=%llu\n",
                path.c_str(), static_cast<unsigned long long>(number), static_cast<unsigned long long>(seed));
  // A copy of the exact size, so that a sanitizer sees the first byte beyond it.
  const Input bytes = number == 0 ? input : mutation(input, seed, number);
  const Input exact(bytes.begin(), bytes.end());
  alarm(kSecondsPerInputMax);
  LLVMFuzzerTestOneInput(exact.data(), exact.size());
  alarm(0);
}

std::vector<fs::path> corpus_files(const fs::path& folder) {
  std::vector<fs::path> files;
  for (const auto& entry : fs::directory_iterator(folder))
    if (entry.is_regular_file())
      files.push_back(entry.path());
  std::sort(files.begin(), files.end());
  if (files.empty())
    throw std::runtime_error("the corpus " + folder.string() + " is empty: add a valid input and a broken one");
  return files;
}

void replay_folder(const fs::path& folder, std::uint64_t seed) {
  const std::uint64_t mutations = setting("JAUNT_MUTATIONS", 200);
  const auto end = std::chrono::steady_clock::now() + std::chrono::seconds(setting("JAUNT_REPLAY_SECONDS", 10));
  const auto files = corpus_files(folder);
  std::vector<Input> inputs;
  for (const auto& file : files) {
    inputs.push_back(read_input(file));
    run(file, inputs.back(), seed, 0);
  }
  std::uint64_t runs = 0;
  for (std::uint64_t number = 1; number <= mutations; ++number)
    for (std::size_t i = 0; i < files.size() && std::chrono::steady_clock::now() < end; ++i, ++runs)
      run(files[i], inputs[i], seed, number);
  std::printf("replayed %zu inputs and %llu mutations of them (seed %llu)\n", files.size(),
              static_cast<unsigned long long>(runs), static_cast<unsigned long long>(seed));
}

}  // namespace

int main(int argc, char** argv) try {
  if (argc < 2 || argc > 3) {
    std::fprintf(stderr, "usage: %s CORPUS_FOLDER | FILE [MUTATION]\n", argv[0]);
    return 2;
  }
  report_crashes();
  const std::uint64_t seed = setting("JAUNT_SEED", 1);
  const fs::path path = argv[1];
  if (fs::is_directory(path))
    replay_folder(path, seed);
  else
    run(path, read_input(path), seed, argc == 3 ? std::stoull(argv[2]) : 0);
  return 0;
} catch (const std::exception& error) {
  // What a target throws comes here too: a decoder must not let it escape.
  std::fprintf(stderr, "replay: %s\n", error.what());
  tell_position();
  return 1;
}
