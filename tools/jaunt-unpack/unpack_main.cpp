// jaunt-unpack: fences itself, then unpacks its standard input to its standard output.
#include <charconv>
#include <chrono>
#include <cstdint>
#include <new>
#include <string_view>

#include <fmt/format.h>
#include <unistd.h>

#include "base/error.hpp"
#include "base/file.hpp"
#include "codec/package_blocks.hpp"
#include "codec/package_fence.hpp"
#include "codec/package_unpacker.hpp"

namespace {

using namespace jaunt;
using base::ErrorKind;

constexpr int kUsage = 2;
constexpr int kFailed = 1;
constexpr std::uint64_t kUnpackedForOneWritten = 4;  // zeros and what comes up again are left out

std::uint64_t number(std::string_view word) {
  std::uint64_t value = 0;
  const auto [end, failed] = std::from_chars(word.data(), word.data() + word.size(), value);
  if (failed != std::errc() || end != word.data() + word.size())
    throw base::Error(ErrorKind::usage, "understand", std::string(word), "it is no number");
  return value;
}

int status_of(ErrorKind kind) {
  switch (kind) {
    case ErrorKind::corrupt:
      return codec::kUnpackCorrupt;
    case ErrorKind::unsupported:
      return codec::kUnpackUnsupported;
    case ErrorKind::limit:
      return codec::kUnpackLimit;
    case ErrorKind::usage:
      return kUsage;
    default:
      return kFailed;
  }
}

}  // namespace

#if defined(__SANITIZE_ADDRESS__)
// What looks for leaks wants to trace this process, which the fence does not have.
extern "C" int __lsan_is_turned_off() {
  return 1;
}
#endif

int main(int argc, char** argv) {
  try {
    const std::string_view how = argc == 5 ? argv[1] : "";
    if (how != "package" && how != "plain")
      throw base::Error(ErrorKind::usage, "unpack", "anything", "it is not said how");
    const codec::UnpackBounds bounds{.output_max = base::ByteCount(number(argv[2])),
                                     .processor_time = std::chrono::seconds(number(argv[3])),
                                     .memory_max = base::ByteCount(number(argv[4]))};
    codec::fence_unpacking(bounds);
    const base::File in(base::Fd(STDIN_FILENO), "the input");
    const base::File out(base::Fd(STDOUT_FILENO), "the output");
    const codec::PackageBounds content{.bytes_max = base::ByteCount(bounds.output_max.value * kUnpackedForOneWritten),
                                       .output_max = bounds.output_max};
    if (how == "package")
      codec::write_package_blocks(in, out, content);
    else
      codec::write_plain(in, out, content);
    return 0;
  } catch (const base::Error& error) {
    fmt::print(stderr, "{}\n", error.kind() == ErrorKind::usage ? "usage: jaunt-unpack package|plain BYTES SECONDS MEMORY"
                                                                : error.cause());
    return status_of(error.kind());
  } catch (const std::bad_alloc&) {
    fmt::print(stderr, "it takes more memory than it may\n");
    return codec::kUnpackLimit;
  }
}
