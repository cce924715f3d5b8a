// Files fetched over HTTP, several at a time: resumed after a break, bounded in length and time.
#pragma once

#include <chrono>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "base/error.hpp"
#include "base/file.hpp"
#include "base/hash.hpp"
#include "base/units.hpp"

namespace jaunt::mirror {

// By which way hosts are reached: apt's own settings.
struct Proxies {
  std::map<std::string, std::string> by_scheme;  // "http" → a URL; "DIRECT" and an absent one: none
  std::map<std::string, std::string> by_host;    // "http mirror.example.org" → the same

  // Empty where there is none.
  std::string of(const std::string& url) const;
};

// What tells whether a file is still what it was.
struct Validators {
  std::string etag;
  std::string modified;  // Last-Modified, as it was told

  bool operator==(const Validators&) const = default;
};

struct Request {
  std::uint64_t number = 0;  // of the caller's making
  std::string url;
  base::ByteCount size_max{256 * base::kMiB};
  std::optional<base::ByteCount> size = {};    // where it is known: another one is refused
  std::optional<base::Hash32> sha256 = {};     // where it is known
  std::optional<Validators> validators = {};   // of what is here already
};

enum class Outcome {
  whole,
  unchanged,    // what the validators belong to still is what there is
  absent,       // there is no such file
  unreachable,  // nobody answers, or too slowly, or the connection breaks again and again
  lying,        // other bytes than were announced
};
inline constexpr std::size_t kOutcomes = 5;

struct Fetched {
  Request request;
  Outcome outcome = Outcome::unreachable;
  base::File file;  // without a name; of a whole one
  Validators validators;
  std::string cause;  // a sentence, where it is not here
};

struct DownloadBounds {
  unsigned together = 6;
  unsigned attempts = 4;  // at one file, each going on where the one before broke
  std::chrono::milliseconds connect{10'000};
  std::chrono::seconds stalled{20};  // with less than a kilobyte a second
  unsigned failures_of_host = 4;     // in a row, before nothing is asked of it any more
};

// What all downloads of one run() brought.
struct DownloadTotals {
  base::ByteCount bytes;
  std::chrono::duration<double> seconds{};  // while something was under way
};

// One thread.
class Downloads {
 public:
  // Unnamed files are made in `folder`.
  Downloads(std::filesystem::path folder, Proxies proxies, DownloadBounds bounds, base::CancelToken cancel);
  ~Downloads();
  Downloads(const Downloads&) = delete;
  Downloads& operator=(const Downloads&) = delete;

  // Fetches what `next` gives until it gives nothing, and hands on each when it ends. `more` hears of bytes as they come;
  // while `hold` says so, nothing else is begun; once `give_up` does, what is under way ends as unreachable.
  void run(const std::function<std::optional<Request>()>& next, const std::function<void(Fetched)>& done,
           const std::function<void(base::ByteCount)>& more = {}, const std::function<bool()>& hold = {},
           const std::function<bool()>& give_up = {});

  const DownloadTotals& totals() const { return totals_; }

 private:
  class Run;

  const std::filesystem::path folder_;
  const Proxies proxies_;
  const DownloadBounds bounds_;
  const base::CancelToken cancel_;
  DownloadTotals totals_;
  std::map<std::string, unsigned> failures_;  // of each host, in a row
};

}  // namespace jaunt::mirror
