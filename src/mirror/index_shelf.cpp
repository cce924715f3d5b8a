#include "mirror/index_shelf.hpp"

#include <ctime>
#include <utility>

#include <nlohmann/json.hpp>

#include "base/error.hpp"
#include "codec/package_unpacker.hpp"

namespace jaunt::mirror {

namespace fs = std::filesystem;
using base::Error;
using base::ErrorKind;
using Json = nlohmann::json;

namespace {

constexpr base::ByteCount kNoteBytesMax{64 * base::kKiB};
constexpr const char* kContent = ".index";
constexpr const char* kNote = ".json";

bool is_fresh(std::int64_t checked) {
  const std::int64_t age = std::time(nullptr) - checked;
  return age >= 0 && age < IndexShelf::kFresh.count();
}

void write_note(const fs::path& path, const std::string& url, const std::string& ending, const Validators& validators) {
  const Json json = {{"url", url},
                     {"ending", ending},
                     {"etag", validators.etag},
                     {"modified", validators.modified},
                     {"checked", std::time(nullptr)}};
  base::write_text_file(path, json.dump(1, ' ', false, Json::error_handler_t::replace) + "\n");
}

}  // namespace

// What was noted when it was fetched.
struct IndexShelf::Known {
  std::string ending;
  Validators validators;
  std::int64_t checked = 0;
};

IndexShelf::IndexShelf(fs::path folder) : folder_(std::move(folder)) {
  fs::create_directories(folder_);
}

fs::path IndexShelf::path_of(const std::string& url, const char* ending) const {
  return folder_ / (base::to_hex(base::sha256(base::as_bytes(url))).substr(0, 32) + ending);
}

std::optional<IndexShelf::Known> IndexShelf::known(const std::string& url) const {
  try {
    if (!fs::exists(path_of(url, kContent)) || !fs::exists(path_of(url, kNote)))
      return std::nullopt;
    const Json json = Json::parse(base::read_text_file(path_of(url, kNote), kNoteBytesMax));
    if (json.at("url") != url)
      return std::nullopt;
    return Known{.ending = json.at("ending"),
                 .validators = {.etag = json.at("etag"), .modified = json.at("modified")},
                 .checked = json.at("checked")};
  } catch (const Json::exception&) {
    return std::nullopt;
  } catch (const Error&) {
    return std::nullopt;
  }
}

// The plain content stays as it is where it is the same again, so that what is known of it holds.
void IndexShelf::keep(const WantedIndex& wanted, const std::string& ending, const Fetched& fetched,
                      const base::CancelToken& cancel) const {
  base::AtomicFile file(path_of(wanted.url, kContent));
  codec::unpack(codec::Unpacking::plain, fetched.file, file.file(), {.output_max = kIndexBytesMax}, cancel);
  file.commit();
  write_note(path_of(wanted.url, kNote), wanted.url, ending, fetched.validators);
}

std::vector<ShelvedIndex> IndexShelf::fetch(const std::vector<WantedIndex>& wanted, Downloads& downloads,
                                            const base::CancelToken& cancel) const {
  struct Asked {
    std::optional<Known> known;
    std::vector<std::string> endings;
    std::size_t at = 0;
    bool over = false;
  };
  std::vector<ShelvedIndex> result(wanted.size());
  std::vector<Asked> asked(wanted.size());
  for (std::size_t i = 0; i < wanted.size(); ++i) {
    result[i].url = wanted[i].url;
    asked[i] = {.known = known(wanted[i].url), .endings = wanted[i].endings};
    if (const auto& known = asked[i].known) {  // first that which is known here
      std::erase(asked[i].endings, known->ending);
      asked[i].endings.insert(asked[i].endings.begin(), known->ending);
      result[i].path = path_of(wanted[i].url, kContent);
      if (is_fresh(known->checked)) {
        result[i].outcome = Outcome::unchanged;
        asked[i].over = true;
      }
    }
  }
  const auto take = [&](const Fetched& fetched) {
    const auto i = static_cast<std::size_t>(fetched.request.number);
    const std::string& ending = asked[i].endings[asked[i].at];
    result[i].outcome = fetched.outcome;
    result[i].cause = fetched.cause;
    asked[i].over = fetched.outcome != Outcome::absent;
    if (fetched.outcome == Outcome::absent) {
      ++asked[i].at;
    } else if (fetched.outcome == Outcome::unchanged) {
      write_note(path_of(wanted[i].url, kNote), wanted[i].url, ending, asked[i].known->validators);
    } else if (fetched.outcome == Outcome::whole) {
      try {
        keep(wanted[i], ending, fetched, cancel);
        result[i].path = path_of(wanted[i].url, kContent);
      } catch (const Error& failure) {
        if (failure.kind() != ErrorKind::corrupt && failure.kind() != ErrorKind::limit)
          throw;
        result[i].outcome = Outcome::lying;
        result[i].cause = failure.cause();
      }
    }
  };
  for (bool more = true; more;) {
    more = false;
    std::vector<Request> requests;
    for (std::size_t i = 0; i < wanted.size(); ++i) {
      if (asked[i].over || asked[i].at >= asked[i].endings.size())
        continue;
      const std::string& ending = asked[i].endings[asked[i].at];
      Request request{.number = i, .url = wanted[i].url + ending, .size_max = kIndexBytesMax};
      if (asked[i].known && asked[i].known->ending == ending)
        request.validators = asked[i].known->validators;
      requests.push_back(std::move(request));
    }
    more = !requests.empty();
    std::size_t next = 0;
    downloads.run([&] { return next < requests.size() ? std::optional(requests[next++]) : std::nullopt; }, take);
  }
  return result;
}

}  // namespace jaunt::mirror
