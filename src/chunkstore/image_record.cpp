#include "chunkstore/image_record.hpp"

#include "chunkstore/record_codec.hpp"

namespace jaunt::chunkstore {

namespace {

constexpr std::uint32_t kEntryVersion = 1;
constexpr std::uint32_t kImageVersion = 1;

}  // namespace

std::string_view to_string(EntryKind kind) {
  switch (kind) {
    case EntryKind::libvirt:
      return "libvirt";
    case EntryKind::folder:
      return "folder";
    case EntryKind::image:
      return "image";
    case EntryKind::packages:
      return "packages";
  }
  return "";
}

EntryKey entry_key(std::string_view realm, EntryKind kind, std::string_view location) {
  RecordWriter out(kEntryVersion);
  out.text(realm);
  out.integer(static_cast<std::uint8_t>(kind));
  out.text(location);
  return base::sha256(out.take());
}

std::string ImageRecord::name() const {
  if (domain.empty())
    return path;
  return snapshot.empty() ? domain + " " + target : domain + " " + target + " @" + snapshot;
}

ImageKey key_of(const ImageRecord& record) {
  RecordWriter out(kImageVersion);
  out.hash(record.entry);
  out.text(record.path);
  out.text(record.domain);
  out.text(record.target);
  out.text(record.snapshot);
  return base::sha256(out.take());
}

base::Bytes encode(const EntryRecord& record) {
  RecordWriter out(kEntryVersion);
  const auto text = [&](const std::string& value) { out.text(value); };
  out.text(record.realm);
  out.integer(static_cast<std::uint8_t>(record.kind));
  out.text(record.location);
  out.optional(record.format, text);
  out.list(record.excluded, text);
  out.integer(record.added_at);
  out.integer(record.rescanned_at);
  out.list(record.problems, text);
  return out.take();
}

EntryRecord decode_entry_record(base::ByteView bytes) {
  RecordReader in(bytes, kEntryVersion, "an entry of the catalog");
  const auto text = [&] { return in.text(); };
  EntryRecord record;
  record.realm = in.text();
  const auto kind = in.integer<std::uint8_t>();
  if (kind > static_cast<std::uint8_t>(EntryKind::packages))
    in.corrupt("it is of no known kind");
  record.kind = static_cast<EntryKind>(kind);
  record.location = in.text();
  record.format = in.optional(text);
  record.excluded = in.list(text);
  record.added_at = in.integer<std::int64_t>();
  record.rescanned_at = in.integer<std::int64_t>();
  record.problems = in.list(text);
  in.finish();
  return record;
}

base::Bytes encode(const ImageRecord& record) {
  RecordWriter out(kImageVersion);
  out.text(record.realm);
  out.hash(record.entry);
  out.text(record.path);
  out.text(record.domain);
  out.text(record.target);
  out.text(record.snapshot);
  out.integer(record.size.value);
  out.list(record.layers, [&](const LayerKey& key) { out.hash(key); });
  return out.take();
}

ImageRecord decode_image_record(base::ByteView bytes) {
  RecordReader in(bytes, kImageVersion, "an image of the catalog");
  ImageRecord record;
  record.realm = in.text();
  record.entry = in.hash();
  record.path = in.text();
  record.domain = in.text();
  record.target = in.text();
  record.snapshot = in.text();
  record.size = base::ByteCount(in.integer<std::uint64_t>());
  record.layers = in.list([&] { return in.hash(); });
  in.finish();
  return record;
}

}  // namespace jaunt::chunkstore
