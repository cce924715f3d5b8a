#include "mirror/download.hpp"

#include <algorithm>
#include <cctype>
#include <list>
#include <memory>
#include <string_view>
#include <utility>

#include <curl/curl.h>

#include "base/text.hpp"

namespace jaunt::mirror {

using base::Error;
using base::ErrorKind;
using Clock = std::chrono::steady_clock;

namespace {

constexpr long kRedirectsMax = 5;
constexpr long kStalledBytes = 1024;  // a second
constexpr std::size_t kHeaderBytesMax = 1024;
constexpr int kTurnMilliseconds = 100;

// libcurl's handles are all void.
struct EndEasy {
  void operator()(CURL* handle) const { ::curl_easy_cleanup(handle); }
};
struct EndMulti {
  void operator()(CURLM* handle) const { ::curl_multi_cleanup(handle); }
};
struct EndList {
  void operator()(curl_slist* list) const { ::curl_slist_free_all(list); }
};
using Easy = std::unique_ptr<CURL, EndEasy>;
using Multi = std::unique_ptr<CURLM, EndMulti>;
using List = std::unique_ptr<curl_slist, EndList>;

void start_curl() {
  static const CURLcode started = ::curl_global_init(CURL_GLOBAL_DEFAULT);
  if (started != CURLE_OK)
    throw Error(ErrorKind::io, "fetch", "anything", ::curl_easy_strerror(started));
}

std::string scheme_of(const std::string& url) {
  return url.substr(0, url.find(':'));
}

std::string host_of(const std::string& url) {
  const auto from = url.find("://");
  if (from == url.npos)
    return {};
  std::string host = url.substr(from + 3, url.find_first_of("/?#", from + 3) - from - 3);
  return host.substr(host.rfind('@') + 1);
}

std::string lower(std::string text) {
  std::ranges::transform(text, text.begin(), [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  return text;
}

std::string_view trimmed(std::string_view text) {
  const auto space = [](char c) { return c == ' ' || c == '\t' || c == '\r' || c == '\n'; };
  while (!text.empty() && space(text.front()))
    text.remove_prefix(1);
  while (!text.empty() && space(text.back()))
    text.remove_suffix(1);
  return text;
}

// One file on its way, over all attempts.
class Transfer {
 public:
  Transfer(Request request, const std::filesystem::path& folder, const std::function<void(base::ByteCount)>& more)
      : more_(more), folder_(folder), handle_(::curl_easy_init()) {
    base::invariant(handle_ != nullptr, "there is memory for a transfer");
    result_.request = std::move(request);
    result_.file = base::unnamed_file(folder_);
  }

  CURL* handle() const { return handle_.get(); }
  const Request& request() const { return result_.request; }
  base::ByteCount got() const { return got_; }

  void prepare(const Proxies& proxies, const DownloadBounds& bounds) {
    CURL* const curl = handle_.get();
    ::curl_easy_reset(curl);
    const std::string proxy = proxies.of(request().url);
    const auto set = [&](CURLoption option, auto value) { ::curl_easy_setopt(curl, option, value); };
    set(CURLOPT_URL, request().url.c_str());
    set(CURLOPT_PROTOCOLS_STR, "http,https,file");
    set(CURLOPT_REDIR_PROTOCOLS_STR, "http,https");
    set(CURLOPT_FOLLOWLOCATION, 1L);
    set(CURLOPT_MAXREDIRS, kRedirectsMax);
    set(CURLOPT_NOSIGNAL, 1L);
    set(CURLOPT_USERAGENT, "jaunt");
    set(CURLOPT_CONNECTTIMEOUT_MS, static_cast<long>(bounds.connect.count()));
    set(CURLOPT_LOW_SPEED_LIMIT, kStalledBytes);
    set(CURLOPT_LOW_SPEED_TIME, static_cast<long>(bounds.stalled.count()));
    set(CURLOPT_PRIVATE, this);
    set(CURLOPT_WRITEFUNCTION, take_bytes);
    set(CURLOPT_WRITEDATA, this);
    set(CURLOPT_HEADERFUNCTION, take_header);
    set(CURLOPT_HEADERDATA, this);
    if (!proxy.empty())
      set(CURLOPT_PROXY, proxy == "DIRECT" ? "" : proxy.c_str());
    headers_.reset();
    if (const auto& known = request().validators) {
      if (!known->etag.empty())
        add_header("If-None-Match: " + known->etag);
      if (!known->modified.empty())
        add_header("If-Modified-Since: " + known->modified);
    }
    if (got_.value > 0) {
      set(CURLOPT_RESUME_FROM_LARGE, static_cast<curl_off_t>(got_.value));
      if (!result_.validators.etag.empty() && !result_.validators.etag.starts_with("W/"))
        add_header("If-Range: " + result_.validators.etag);
    }
    set(CURLOPT_HTTPHEADER, headers_.get());
    resumed_ = got_.value > 0;
    begun_ = false;
    ++attempts_;
  }

  // Whether it is over; else it is to be tried again.
  bool judge(CURLcode code, const DownloadBounds& bounds) {
    const long status = response();
    const bool file = scheme_of(request().url) == "file";
    if (refused_) {
      result_.outcome = Outcome::lying;
      result_.cause = *refused_;
      return true;
    }
    if (code == CURLE_OK && status == 304 && request().validators) {
      result_.outcome = Outcome::unchanged;
      return true;
    }
    if (code == CURLE_OK && (status == 200 || status == 206 || file))
      return check_whole(attempts_ < bounds.attempts);
    if (code == CURLE_FILE_COULDNT_READ_FILE || code == CURLE_REMOTE_FILE_NOT_FOUND ||
        (code == CURLE_OK && status >= 400 && status < 500 && status != 408 && status != 416 && status != 429)) {
      result_.outcome = Outcome::absent;
      result_.cause = file ? "there is no such file" : "the mirror says " + std::to_string(status);
      return true;
    }
    if (status == 416)  // it is not as long as what is here
      start_over();
    result_.outcome = Outcome::unreachable;
    result_.cause =
        code == CURLE_OK ? "the mirror says " + std::to_string(status) : base::printable(::curl_easy_strerror(code));
    return attempts_ >= bounds.attempts || code == CURLE_UNSUPPORTED_PROTOCOL || code == CURLE_URL_MALFORMAT;
  }

  Fetched take() { return std::move(result_); }
  void give_up(std::string cause) { result_.cause = std::move(cause); }
  bool answered() const { return begun_ || got_.value > 0 || response() != 0; }

 private:
  long response() const {
    long status = 0;
    ::curl_easy_getinfo(handle_.get(), CURLINFO_RESPONSE_CODE, &status);
    return status;
  }

  void add_header(const std::string& line) {
    headers_.reset(::curl_slist_append(headers_.release(), line.c_str()));
    base::invariant(headers_ != nullptr, "there is memory for a header");
  }

  void start_over() {
    got_ = {};
    hash_ = base::Sha256();
    result_.file.truncate({});
  }

  bool check_whole(bool may_try_again) {
    if (request().size && got_ < *request().size && may_try_again)  // cut, though nobody said so
      return false;
    const bool sized = !request().size || got_ == *request().size;
    const bool same = !request().sha256 || hash_.finish() == *request().sha256;
    result_.outcome = sized && same ? Outcome::whole : Outcome::lying;
    if (!sized)
      result_.cause = "it is not as long as the index says";
    else if (!same)
      result_.cause = "its bytes are not those that the index says";
    return true;
  }

  static std::size_t take_bytes(char* bytes, std::size_t one, std::size_t count, void* self) {
    return static_cast<Transfer*>(self)->take(base::as_bytes({bytes, one * count})) ? one * count : 0;
  }

  bool take(base::ByteView bytes) {
    const long status = response();
    if (status != 0 && status != 200 && status != 206)
      return true;  // the text of an error
    if (!std::exchange(begun_, true) && resumed_ && status == 200)
      start_over();
    const std::uint64_t max = std::min(request().size_max.value, request().size.value_or(request().size_max).value);
    if (got_.value + bytes.size() > max) {
      refused_ = "it is longer than it may be";
      return false;
    }
    try {
      result_.file.write_all(base::ByteOffset(got_.value), bytes);
    } catch (const Error& failure) {
      refused_ = failure.what();
      return false;
    }
    hash_.update(bytes);
    got_ += base::ByteCount(bytes.size());
    more_(base::ByteCount(bytes.size()));
    return true;
  }

  static std::size_t take_header(char* bytes, std::size_t one, std::size_t count, void* self) {
    static_cast<Transfer*>(self)->header({bytes, one * count});
    return one * count;
  }

  void header(std::string_view line) {
    const auto colon = line.find(':');
    if (line.starts_with("HTTP/"))
      result_.validators = {};
    if (colon == line.npos || line.size() > kHeaderBytesMax)
      return;
    const std::string name = lower(std::string(line.substr(0, colon)));
    if (name == "etag")
      result_.validators.etag = trimmed(line.substr(colon + 1));
    else if (name == "last-modified")
      result_.validators.modified = trimmed(line.substr(colon + 1));
  }

  const std::function<void(base::ByteCount)>& more_;
  const std::filesystem::path& folder_;
  Easy handle_;
  List headers_;
  Fetched result_;
  base::Sha256 hash_;
  base::ByteCount got_;
  unsigned attempts_ = 0;
  bool resumed_ = false;
  bool begun_ = false;
  std::optional<std::string> refused_;
};

}  // namespace

std::string Proxies::of(const std::string& url) const {
  const std::string scheme = scheme_of(url);
  const std::string host = host_of(url);
  for (const std::string& name : {host, host.substr(0, host.rfind(':'))})
    if (const auto found = by_host.find(scheme + " " + name); found != by_host.end())
      return found->second;
  const auto found = by_scheme.find(scheme);
  return found == by_scheme.end() ? std::string() : found->second;
}

class Downloads::Run {
 public:
  Run(Downloads& owner, const std::function<void(Fetched)>& done, const std::function<void(base::ByteCount)>& more)
      : owner_(owner), done_(done), more_([&owner, more](base::ByteCount bytes) {
          owner.totals_.bytes += bytes;
          if (more)
            more(bytes);
        }),
        multi_(::curl_multi_init()) {
    base::invariant(multi_ != nullptr, "there is memory for transfers");
    ::curl_multi_setopt(multi_.get(), CURLMOPT_MAX_HOST_CONNECTIONS, static_cast<long>(owner.bounds_.together));
  }

  ~Run() {
    for (const auto& transfer : under_way_)
      ::curl_multi_remove_handle(multi_.get(), transfer->handle());
  }
  Run(const Run&) = delete;
  Run& operator=(const Run&) = delete;

  bool full() const { return under_way_.size() >= owner_.bounds_.together; }
  bool idle() const { return under_way_.empty(); }

  void add(Request request) {
    auto transfer = std::make_unique<Transfer>(std::move(request), owner_.folder_, more_);
    if (owner_.failures_[host_of(transfer->request().url)] >= owner_.bounds_.failures_of_host) {
      transfer->give_up("its mirror cannot be reached");
      done_(transfer->take());
      return;
    }
    begin(*transfer);
    under_way_.push_back(std::move(transfer));
  }

  void abandon() {
    for (auto& transfer : std::exchange(under_way_, {})) {
      ::curl_multi_remove_handle(multi_.get(), transfer->handle());
      transfer->give_up("its mirror is too slow");
      done_(transfer->take());
    }
  }

  void turn() {
    int running = 0;
    ::curl_multi_perform(multi_.get(), &running);
    finish_ended();
    ::curl_multi_poll(multi_.get(), nullptr, 0, kTurnMilliseconds, nullptr);
  }

 private:
  void begin(Transfer& transfer) {
    transfer.prepare(owner_.proxies_, owner_.bounds_);
    ::curl_multi_add_handle(multi_.get(), transfer.handle());
  }

  void finish_ended() {
    int left = 0;
    while (const CURLMsg* const message = ::curl_multi_info_read(multi_.get(), &left)) {
      if (message->msg != CURLMSG_DONE)
        continue;
      const CURLcode code = message->data.result;
      const auto at = std::ranges::find_if(
          under_way_, [&](const auto& transfer) { return transfer->handle() == message->easy_handle; });
      base::invariant(at != under_way_.end(), "what ends was begun");
      ::curl_multi_remove_handle(multi_.get(), (*at)->handle());
      unsigned& failures = owner_.failures_[host_of((*at)->request().url)];
      failures = (*at)->answered() ? 0 : failures + 1;
      if (!(*at)->judge(code, owner_.bounds_) && failures < owner_.bounds_.failures_of_host) {
        begin(**at);
        continue;
      }
      const auto ended = std::move(*at);
      under_way_.erase(at);
      done_(ended->take());
    }
  }

  Downloads& owner_;
  const std::function<void(Fetched)>& done_;
  const std::function<void(base::ByteCount)> more_;
  Multi multi_;
  std::list<std::unique_ptr<Transfer>> under_way_;
};

Downloads::Downloads(std::filesystem::path folder, Proxies proxies, DownloadBounds bounds, base::CancelToken cancel)
    : folder_(std::move(folder)), proxies_(std::move(proxies)), bounds_(bounds), cancel_(std::move(cancel)) {
  start_curl();
}

Downloads::~Downloads() = default;

void Downloads::run(const std::function<std::optional<Request>()>& next, const std::function<void(Fetched)>& done,
                    const std::function<void(base::ByteCount)>& more, const std::function<bool()>& hold,
                    const std::function<bool()>& give_up) {
  Run run(*this, done, more);
  auto seen = Clock::now();
  bool over = false;
  while (!over || !run.idle()) {
    cancel_.check();
    if (give_up && give_up()) {
      run.abandon();
      return;
    }
    while (!over && !run.full() && !(hold && hold())) {
      auto request = next();
      over = !request;
      if (request)
        run.add(*std::move(request));
    }
    const bool busy = !run.idle();
    if (!over || busy)
      run.turn();
    const auto now = Clock::now();
    if (busy)
      totals_.seconds += now - seen;
    seen = now;
  }
}

}  // namespace jaunt::mirror
