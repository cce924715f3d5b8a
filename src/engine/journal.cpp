#include "engine/journal.hpp"

#include <algorithm>
#include <utility>

#include <fcntl.h>
#include <nlohmann/json.hpp>

#include "base/bytes.hpp"
#include "base/error.hpp"
#include "base/text.hpp"

namespace jaunt::engine {

using Json = nlohmann::json;

// A frame is the payload's length (4 bytes), the payload (JSON), and the seal: the first 16 bytes of SHA-256 over the
// former record's seal, the length and the payload. So a record is whole only after all records before it.
namespace {

constexpr std::size_t kLengthBytes = 4;
constexpr std::size_t kSealBytes = 16;
constexpr std::size_t kPayloadBytesMax = 1 << 20;
constexpr base::ByteCount kJournalBytesMax{64 * base::kMiB};
constexpr std::string_view kFirstSeal = "jaunt journal, version 1";

// Paths may be any bytes, JSON may not.
std::string stored(const std::string& text) {
  return base::to_base64(text);
}

struct Unknown {};

void restore(const Json& json, std::string& text) {
  const auto bytes = base::from_base64(json.get<std::string>());
  if (!bytes)
    throw Unknown{};
  text = *bytes;
}

struct Writer {
  Json& json;
  void operator()(const char* key, const std::int64_t& value) const { json[key] = value; }
  void operator()(const char* key, const bool& value) const { json[key] = value; }
  template <class T>
  void operator()(const char* key, const T& value) const {
    json[key] = stored(value);
  }
};

struct Reader {
  const Json& json;
  void operator()(const char* key, std::int64_t& value) const { value = json.at(key).get<std::int64_t>(); }
  void operator()(const char* key, bool& value) const { value = json.at(key).get<bool>(); }
  template <class T>
  void operator()(const char* key, T& value) const {
    restore(json.at(key), value);
  }
};

// The fields of each record, once for both directions; the name is written as "type".
template <class Visit, class R>
const char* visit_fields(const Visit& visit, R& record) {
  using T = std::remove_const_t<R>;
  if constexpr (std::is_same_v<T, JobBegun>) {
    visit("kind", record.kind);
    visit("subject", record.subject);
    visit("version", record.version);
    visit("pid", record.pid);
    return "job_begun";
  } else if constexpr (std::is_same_v<T, BackupBegun>) {
    visit("connection", record.connection);
    visit("domain", record.domain);
    visit("folder", record.folder);
    return "backup_begun";
  } else if constexpr (std::is_same_v<T, BackupEnded>) {
    visit("domain", record.domain);
    return "backup_ended";
  } else if constexpr (std::is_same_v<T, TemporaryMade>) {
    visit("path", record.path);
    return "temporary_made";
  } else if constexpr (std::is_same_v<T, Requested>) {
    visit("request", record.request);
    return "requested";
  } else if constexpr (std::is_same_v<T, PlanChosen>) {
    visit("id", record.id);
    visit("own", record.own);
    return "plan_chosen";
  } else if constexpr (std::is_same_v<T, StageDone>) {
    visit("name", record.name);
    return "stage_done";
  } else if constexpr (std::is_same_v<T, DomainNamed>) {
    visit("uuid", record.uuid);
    return "domain_named";
  } else if constexpr (std::is_same_v<T, AttemptFailed>) {
    visit("kind", record.kind);
    visit("what", record.what);
    visit("remedy", record.remedy);
    return "attempt_failed";
  } else if constexpr (std::is_same_v<T, AttemptCounted>) {
    visit("attempt", record.attempt);
    visit("sent", record.sent);
    visit("received", record.received);
    visit("milliseconds", record.milliseconds);
    for (const model::SourceKind kind : model::kSourceKinds)
      visit(to_string(kind).data(), record.bytes[kind]);
    return "attempt_counted";
  } else {
    visit("outcome", record.outcome);
    return "job_finished";
  }
}

std::string encoded(const Record& record) {
  Json json;
  json["type"] = std::visit([&](const auto& r) { return visit_fields(Writer{json}, r); }, record);
  return json.dump();
}

// Tries each kind of record; the fields of the wrong ones are absent.
template <std::size_t I = 0>
Record decoded_as(const Json& json) {
  if constexpr (I == std::variant_size_v<Record>) {
    throw Unknown{};
  } else {
    std::variant_alternative_t<I, Record> record;
    Json ignored;
    if (visit_fields(Writer{ignored}, std::as_const(record)) != json.at("type").get<std::string>())
      return decoded_as<I + 1>(json);
    visit_fields(Reader{json}, record);
    return record;
  }
}

std::optional<Record> decoded(std::string_view payload) {
  try {
    return decoded_as(Json::parse(payload));
  } catch (const Json::exception&) {
    return std::nullopt;
  } catch (const Unknown&) {
    return std::nullopt;
  }
}

base::Hash32 seal_of(const base::Hash32& former, base::ByteView length_and_payload) {
  return base::Sha256().update(former).update(length_and_payload).finish();
}

struct Contents {
  std::vector<Record> records;
  base::ByteOffset end;
  base::Hash32 seal = base::sha256(base::as_bytes(kFirstSeal));
};

Contents contents_of(std::string_view text) {
  const base::ByteView bytes = base::as_bytes(text);
  Contents contents;
  while (true) {
    const base::ByteView rest = bytes.subspan(contents.end.value);
    if (rest.size() < kLengthBytes)
      return contents;
    const auto length = base::load_le<std::uint32_t>(rest);
    if (length > kPayloadBytesMax || rest.size() < kLengthBytes + length + kSealBytes)
      return contents;
    const base::ByteView covered = rest.first(kLengthBytes + length);
    const base::Hash32 seal = seal_of(contents.seal, covered);
    if (!std::equal(seal.begin(), seal.begin() + kSealBytes, rest.begin() + covered.size()))
      return contents;
    auto record = decoded(text.substr(contents.end.value + kLengthBytes, length));
    if (!record)
      return contents;
    contents.records.push_back(std::move(*record));
    contents.seal = seal;
    contents.end += base::ByteCount(covered.size() + kSealBytes);
  }
}

}  // namespace

Journal Journal::create(const std::filesystem::path& path) {
  Journal journal(base::File::open(path, O_RDWR | O_CREAT | O_EXCL, 0600));
  journal.seal_ = Contents().seal;
  journal.file_.sync();
  base::sync_directory(path.parent_path());
  return journal;
}

Journal Journal::reopen(const std::filesystem::path& path) {
  Journal journal(base::File::open(path, O_RDWR));
  const Contents contents = contents_of(base::read_text_file(path, kJournalBytesMax));
  journal.end_ = contents.end;
  journal.seal_ = contents.seal;
  journal.file_.truncate(base::ByteCount(contents.end.value));
  return journal;
}

void Journal::append(const Record& record) {
  const std::string payload = encoded(record);
  base::invariant(payload.size() <= kPayloadBytesMax, "a journal's record is small");
  base::Bytes frame;
  base::append_le(frame, static_cast<std::uint32_t>(payload.size()));
  const auto bytes = base::as_bytes(payload);
  frame.insert(frame.end(), bytes.begin(), bytes.end());
  const base::Hash32 seal = seal_of(seal_, frame);
  frame.insert(frame.end(), seal.begin(), seal.begin() + kSealBytes);
  file_.write_all(end_, frame);
  file_.sync();
  end_ += base::ByteCount(frame.size());
  seal_ = seal;
}

std::vector<Record> records_of(std::string_view journal) {
  return contents_of(journal).records;
}

std::vector<Record> read_journal(const std::filesystem::path& path) {
  return records_of(base::read_text_file(path, kJournalBytesMax));
}

}  // namespace jaunt::engine
