#include "mirror/package_fetch.hpp"

#include <algorithm>
#include <condition_variable>
#include <deque>
#include <exception>
#include <map>
#include <mutex>
#include <optional>
#include <thread>
#include <utility>

#include "codec/package_unpacker.hpp"

namespace jaunt::mirror {

using base::Error;
using base::ErrorKind;

namespace {

constexpr base::ByteCount kGuessedBytesMax{256 * base::kMiB};  // of a package whose size nobody told
constexpr base::ByteCount kPackageBytesMax{4 * base::kGiB};
// A package may unpack to so many times its installed size, and some: what an index says is no promise.
constexpr std::uint64_t kInstalledFactor = 4;
constexpr std::uint64_t kInstalledMore = 64 * base::kMiB;
constexpr std::uint64_t kUnpackedMax = 4 * base::kGiB;
constexpr std::size_t kWaitingMax = 12;  // fetched, and not unpacked yet

codec::UnpackBounds bounds_of(const Offered& offered) {
  const std::uint64_t installed = offered.installed.value;
  return {.output_max = base::ByteCount(
              installed == 0 ? kUnpackedMax
                             : std::min(kUnpackedMax, installed * kInstalledFactor + kInstalledMore))};
}

// Threads that unpack what was fetched; what they make of it is collected.
class Unpackers {
 public:
  using Done = std::function<void(const Offered&, PackageResult)>;

  Unpackers(const FetchPlan& plan, const base::CancelToken& cancel) : plan_(plan), cancel_(cancel) {
    for (unsigned i = 0; i < std::max(plan.unpackers, 1U); ++i)
      threads_.emplace_back([this] { work(); });
  }
  ~Unpackers() { end(true); }
  Unpackers(const Unpackers&) = delete;
  Unpackers& operator=(const Unpackers&) = delete;

  void add(const Offered& offered, base::File file) {
    const std::scoped_lock lock(mutex_);
    waiting_.push_back({offered, std::move(file)});
    changed_.notify_one();
  }
  bool full() {
    const std::scoped_lock lock(mutex_);
    return waiting_.size() >= kWaitingMax;
  }
  bool failed() {
    const std::scoped_lock lock(mutex_);
    return failure_ != nullptr;
  }

  std::vector<PackageResult> finish() {
    end(false);
    if (failure_)
      std::rethrow_exception(failure_);
    return std::move(results_);
  }

 private:
  struct Waiting {
    Offered offered;
    base::File file;
  };

  void end(bool drop) {
    {
      const std::scoped_lock lock(mutex_);
      over_ = true;
      if (drop)
        waiting_.clear();
      changed_.notify_all();
    }
    for (std::thread& thread : threads_)
      thread.join();
    threads_.clear();
  }

  void work() {
    while (true) {
      std::optional<Waiting> next;
      {
        std::unique_lock lock(mutex_);
        changed_.wait(lock, [&] { return over_ || !waiting_.empty(); });
        if (waiting_.empty() || failure_)
          return;
        next.emplace(std::move(waiting_.front()));
        waiting_.pop_front();
      }
      try {
        PackageResult result = unpack(*next);
        const std::scoped_lock lock(mutex_);
        results_.push_back(std::move(result));
      } catch (...) {
        const std::scoped_lock lock(mutex_);
        failure_ = std::current_exception();
        return;
      }
    }
  }

  PackageResult unpack(const Waiting& waiting) const {
    PackageResult result{.package = waiting.offered.package};
    const std::filesystem::path path = plan_.file_of(waiting.offered.package);
    try {
      base::AtomicFile file(path);
      codec::unpack(codec::Unpacking::package, waiting.file, file.file(), bounds_of(waiting.offered), cancel_);
      file.commit();
      result.end = PackageEnd::ready;
      result.file = path;
    } catch (const Error& failure) {
      if (failure.kind() != ErrorKind::corrupt && failure.kind() != ErrorKind::unsupported &&
          failure.kind() != ErrorKind::limit)
        throw;
      result.end = PackageEnd::broken;
      result.cause = failure.cause();
    }
    return result;
  }

  const FetchPlan& plan_;
  const base::CancelToken& cancel_;
  std::mutex mutex_;
  std::condition_variable changed_;
  std::deque<Waiting> waiting_;
  std::vector<PackageResult> results_;
  std::exception_ptr failure_;
  bool over_ = false;
  std::vector<std::thread> threads_;
};

PackageEnd end_of(Outcome outcome) {
  switch (outcome) {
    case Outcome::whole:
    case Outcome::unchanged:
      return PackageEnd::ready;
    case Outcome::absent:
      return PackageEnd::absent;
    case Outcome::unreachable:
      return PackageEnd::unreachable;
    case Outcome::lying:
      return PackageEnd::lying;
  }
  return PackageEnd::unreachable;
}

}  // namespace

std::string_view to_string(PackageEnd end) {
  constexpr std::array<std::string_view, kPackageEnds> names{"ready",  "absent", "unreachable",
                                                             "lying", "broken", "not worth it"};
  return names[static_cast<std::size_t>(end)];
}

std::vector<PackageResult> fetch_packages(const FetchPlan& plan, Downloads& downloads,
                                          const base::CancelToken& cancel) {
  Unpackers unpackers(plan, cancel);
  std::map<std::string, PackageResult> ended;  // by file: of a package that is tried at several places the best end
  std::size_t at = 0;
  const auto next = [&]() -> std::optional<Request> {
    for (; at < plan.packages.size() && !unpackers.failed(); ++at) {
      const Offered& offered = plan.packages[at];
      auto& end = ended[plan.file_of(offered.package)];
      if (end.end == PackageEnd::ready)
        continue;
      if (!plan.worth(offered)) {
        end = {.package = offered.package, .end = PackageEnd::not_worth_it, .file = {}, .cause = {}};
        continue;
      }
      Request request{.number = at++, .url = offered.url, .size_max = kGuessedBytesMax};
      if (offered.size.value > 0) {
        request.size = offered.size;
        request.size_max = kPackageBytesMax;
      }
      request.sha256 = offered.sha256;
      return request;
    }
    return std::nullopt;
  };
  const auto done = [&](Fetched fetched) {
    const Offered& offered = plan.packages[fetched.request.number];
    PackageResult& end = ended[plan.file_of(offered.package)];
    if (end.end == PackageEnd::ready && !end.package.name.empty())
      return;
    end = {.package = offered.package, .end = end_of(fetched.outcome), .file = {}, .cause = fetched.cause};
    if (fetched.outcome == Outcome::whole)
      unpackers.add(offered, std::move(fetched.file));
  };
  downloads.run(next, done, plan.advanced, [&] { return unpackers.full(); }, plan.give_up);
  for (; at < plan.packages.size(); ++at)  // it was given up
    if (auto& end = ended[plan.file_of(plan.packages[at].package)]; end.package.name.empty())
      end = {.package = plan.packages[at].package, .end = PackageEnd::not_worth_it, .file = {}, .cause = {}};
  std::vector<PackageResult> results = unpackers.finish();
  for (auto& [file, result] : ended)
    if (result.end != PackageEnd::ready)
      results.push_back(std::move(result));
  return results;
}

}  // namespace jaunt::mirror
