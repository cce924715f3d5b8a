#include "chunkstore/layer_record.hpp"

#include <algorithm>

#include "base/error.hpp"

namespace jaunt::chunkstore {

namespace {

constexpr std::uint32_t kRecordVersion = 1;

void append(base::Bytes& out, base::ByteView bytes) {
  out.insert(out.end(), bytes.begin(), bytes.end());
}

class Cursor {
 public:
  explicit Cursor(base::ByteView bytes) : bytes_(bytes) {}

  base::ByteView take(std::size_t count) {
    if (count > bytes_.size())
      throw base::Error(base::ErrorKind::corrupt, "read", "a layer's record", "it ends too early",
                        "scan the layer again");
    const base::ByteView result = bytes_.first(count);
    bytes_ = bytes_.subspan(count);
    return result;
  }

  template <std::integral Integer>
  Integer integer() {
    return base::load_le<Integer>(take(sizeof(Integer)));
  }

  base::Hash32 hash() {
    base::Hash32 result;
    std::ranges::copy(take(result.size()), result.begin());
    return result;
  }

 private:
  base::ByteView bytes_;
};

}  // namespace

base::Bytes encode(const LayerRecord& record) {
  base::Bytes out;
  base::append_le(out, kRecordVersion);
  append(out, record.realm);
  append(out, record.root);
  base::append_le(out, record.scanned_at);
  base::append_le(out, static_cast<std::uint32_t>(record.files.size()));
  for (const SourceFile& file : record.files) {
    base::append_le(out, file.identity.device);
    base::append_le(out, file.identity.inode);
    base::append_le(out, file.identity.size);
    base::append_le(out, file.identity.mtime_ns);
    base::append_le(out, file.identity.ctime_ns);
    base::append_le(out, static_cast<std::uint32_t>(file.path.native().size()));
    append(out, base::as_bytes(file.path.native()));
  }
  return out;
}

LayerRecord decode_layer_record(base::ByteView bytes) {
  Cursor cursor(bytes);
  if (cursor.integer<std::uint32_t>() != kRecordVersion)
    throw base::Error(base::ErrorKind::unsupported, "read", "a layer's record", "it is of another version",
                      "scan the layer again");
  LayerRecord record;
  record.realm = cursor.hash();
  record.root = cursor.hash();
  record.scanned_at = cursor.integer<std::int64_t>();
  for (auto left = cursor.integer<std::uint32_t>(); left > 0; --left) {
    SourceFile file;
    file.identity.device = cursor.integer<std::uint64_t>();
    file.identity.inode = cursor.integer<std::uint64_t>();
    file.identity.size = cursor.integer<std::uint64_t>();
    file.identity.mtime_ns = cursor.integer<std::int64_t>();
    file.identity.ctime_ns = cursor.integer<std::int64_t>();
    const base::ByteView path = cursor.take(cursor.integer<std::uint32_t>());
    file.path = std::string(reinterpret_cast<const char*>(path.data()), path.size());
    record.files.push_back(std::move(file));
  }
  return record;
}

}  // namespace jaunt::chunkstore
