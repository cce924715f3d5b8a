#include "mirror/rpm_index.hpp"

#include <algorithm>
#include <charconv>
#include <cstdint>
#include <functional>
#include <memory>
#include <utility>
#include <vector>

#include <expat.h>

#include "base/error.hpp"
#include "mirror/deb_index.hpp"

namespace jaunt::mirror {

using base::Error;
using base::ErrorKind;

namespace {

constexpr std::size_t kDepthMax = 64;
constexpr std::size_t kTextBytesMax = 4096;
constexpr std::uint64_t kElementsMax = 50'000'000;
constexpr std::size_t kPieceBytes = base::kMiB;
constexpr std::uint64_t kSizeMax = 16 * base::kGiB;

struct EndParser {
  void operator()(XML_Parser parser) const { ::XML_ParserFree(parser); }
};

std::string_view local(std::string_view name) {
  return name.substr(name.rfind(':') + 1);
}

// An element as it begins: its name without prefix, and its attributes.
class Attributes {
 public:
  explicit Attributes(const XML_Char** pairs) : pairs_(pairs) {}

  std::string_view operator[](std::string_view name) const {
    for (const XML_Char** at = pairs_; at[0] != nullptr; at += 2)
      if (name == at[0])
        return at[1];
    return {};
  }

 private:
  const XML_Char** pairs_;
};

// Documents without a DTD, an element at a time.
class Reader {
 public:
  using Begin = std::function<void(std::string_view name, const Attributes& attributes)>;
  using End = std::function<void(std::string_view name, std::string_view text)>;

  Reader(Begin begin, End end) : begin_(std::move(begin)), end_(std::move(end)), parser_(::XML_ParserCreate(nullptr)) {
    base::invariant(parser_ != nullptr, "there is memory for a parser");
    ::XML_SetUserData(parser_.get(), this);
    ::XML_SetElementHandler(parser_.get(), on_begin, on_end);
    ::XML_SetCharacterDataHandler(parser_.get(), on_text);
    ::XML_SetStartDoctypeDeclHandler(parser_.get(), on_doctype);
  }

  void read(std::string_view text) {
    do {
      const std::size_t some = std::min(text.size(), kPieceBytes);
      const bool last = some == text.size();
      const auto status = ::XML_Parse(parser_.get(), text.data(), static_cast<int>(some), last ? 1 : 0);
      text.remove_prefix(some);
      if (limit_)
        throw Error(ErrorKind::limit, "read", "the index of a repository", limit_);
      if (status != XML_STATUS_OK)
        throw Error(ErrorKind::corrupt, "read", "the index of a repository",
                    ::XML_ErrorString(::XML_GetErrorCode(parser_.get())));
    } while (!text.empty());
  }

 private:
  void stop(const char* why) {
    limit_ = why;
    ::XML_StopParser(parser_.get(), XML_FALSE);
  }

  static void on_begin(void* self, const XML_Char* name, const XML_Char** attributes) {
    Reader& reader = *static_cast<Reader*>(self);
    if (++reader.depth_ > kDepthMax || ++reader.elements_ > kElementsMax)
      return reader.stop("it has too many elements");
    reader.text_.clear();
    reader.begin_(local(name), Attributes(attributes));
  }
  static void on_end(void* self, const XML_Char* name) {
    Reader& reader = *static_cast<Reader*>(self);
    --reader.depth_;
    reader.end_(local(name), reader.text_);
    reader.text_.clear();
  }
  static void on_text(void* self, const XML_Char* text, int size) {
    Reader& reader = *static_cast<Reader*>(self);
    if (reader.text_.size() < kTextBytesMax)
      reader.text_.append(text, static_cast<std::size_t>(size));
  }
  static void on_doctype(void* self, const XML_Char*, const XML_Char*, const XML_Char*, int) {
    static_cast<Reader*>(self)->stop("it defines entities");
  }

  Begin begin_;
  End end_;
  std::unique_ptr<XML_ParserStruct, EndParser> parser_;
  std::string text_;
  std::size_t depth_ = 0;
  std::uint64_t elements_ = 0;
  const char* limit_ = nullptr;
};

std::uint64_t number(std::string_view word) {
  std::uint64_t value = 0;
  const auto [end, failed] = std::from_chars(word.data(), word.data() + word.size(), value);
  return failed == std::errc() && end == word.data() + word.size() && value <= kSizeMax ? value : 0;
}

std::optional<base::Hash32> hash_of(std::string_view digits) {
  const auto bytes = base::from_hex(digits);
  if (!bytes || bytes->size() != sizeof(base::Hash32))
    return std::nullopt;
  base::Hash32 hash;
  std::ranges::copy(*bytes, hash.begin());
  return hash;
}

// As rpm itself prints it, with an epoch only where there is one.
std::string version_of(const Attributes& attributes) {
  const std::string_view epoch = attributes["epoch"];
  std::string version = epoch.empty() || epoch == "0" ? "" : std::string(epoch) + ":";
  version += attributes["ver"];
  version += "-";
  version += attributes["rel"];
  return version;
}

}  // namespace

std::optional<PrimaryPlace> read_repomd(std::string_view text) {
  std::optional<PrimaryPlace> primary;
  PrimaryPlace place;
  bool counts = false;
  bool sha256 = false;
  Reader reader(
      [&](std::string_view name, const Attributes& attributes) {
        if (name == "data") {
          counts = attributes["type"] == "primary";
          place = {};
        } else if (name == "location") {
          place.path = attributes["href"];
        } else if (name == "checksum") {
          sha256 = attributes["type"] == "sha256";
        }
      },
      [&](std::string_view name, std::string_view content) {
        if (name == "checksum" && sha256)
          place.sha256 = hash_of(content);
        else if (name == "size")
          place.size = base::ByteCount(number(content));
        else if (name == "data" && counts && is_safe_path(place.path))
          primary = place;
      });
  reader.read(text);
  return primary;
}

void read_rpm_index(std::string_view text, const std::string& root, WantedPackages& wanted) {
  Offered offered;
  bool sha256 = false;
  std::string path;
  Reader reader(
      [&](std::string_view name, const Attributes& attributes) {
        if (name == "package") {
          offered = {};
          path.clear();
        } else if (name == "version") {
          offered.package.version = version_of(attributes);
        } else if (name == "checksum") {
          sha256 = attributes["type"] == "sha256";
        } else if (name == "size") {
          offered.size = base::ByteCount(number(attributes["package"]));
          offered.installed = base::ByteCount(number(attributes["installed"]));
        } else if (name == "location") {
          path = attributes["href"];
        }
      },
      [&](std::string_view name, std::string_view content) {
        if (name == "name" && offered.package.name.empty()) {
          offered.package.name = content;
        } else if (name == "arch" && offered.package.arch.empty()) {
          offered.package.arch = content;
        } else if (name == "checksum" && sha256) {
          offered.sha256 = hash_of(content);
        } else if (name == "package" && wanted.wants(offered.package.name) && is_safe_path(path) &&
                   offered.size.value > 0) {
          offered.url = root + url_path(path);
          wanted.offer(offered);
        }
      });
  reader.read(text);
}

}  // namespace jaunt::mirror
