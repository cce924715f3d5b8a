#include "chunkstore/layer_record.hpp"

#include "chunkstore/record_codec.hpp"

namespace jaunt::chunkstore {

namespace {

constexpr std::uint32_t kRecordVersion = 2;

void write(RecordWriter& out, const SourceFile& file) {
  out.text(file.path.native());
  out.integer(file.identity.device);
  out.integer(file.identity.inode);
  out.integer(file.identity.size);
  out.integer(file.identity.mtime_ns);
  out.integer(file.identity.ctime_ns);
}

SourceFile read_file(RecordReader& in) {
  SourceFile file;
  file.path = in.text();
  file.identity.device = in.integer<std::uint64_t>();
  file.identity.inode = in.integer<std::uint64_t>();
  file.identity.size = in.integer<std::uint64_t>();
  file.identity.mtime_ns = in.integer<std::int64_t>();
  file.identity.ctime_ns = in.integer<std::int64_t>();
  return file;
}

void write(RecordWriter& out, const disk::BackingName& backing) {
  out.text(backing.name);
  out.optional(backing.format, [&](const std::string& format) { out.text(format); });
}

disk::BackingName read_backing(RecordReader& in) {
  disk::BackingName backing;
  backing.name = in.text();
  backing.format = in.optional([&] { return in.text(); });
  return backing;
}

disk::VettedFile vetted(const SourceFile& file) {
  return {.path = file.path, .identity = file.identity};
}

}  // namespace

LayerKey layer_key(std::string_view realm, const std::filesystem::path& real_path, std::string_view format) {
  RecordWriter out(kRecordVersion);
  out.text(realm);
  out.text(format);
  out.text(real_path.native());
  return base::sha256(out.take());
}

disk::Chain chain_of(const std::vector<LayerRecord>& layers) {
  disk::Chain chain;
  for (const LayerRecord& record : layers) {
    model::Layer& layer = chain.layers.emplace_back();
    layer.path = record.path().string();
    layer.format = record.format;
    layer.virtual_size = record.virtual_size;
    layer.identity = record.files.front().identity;
    disk::LayerParts& parts = chain.parts.emplace_back();
    parts.block_device = record.block_device;
    parts.backing = record.backing;
    parts.bitmaps = record.bitmaps;
    for (std::size_t i = 1; i < record.files.size(); ++i)
      parts.extents.push_back(vetted(record.files[i]));
    if (record.data_file) {
      parts.data_file = std::move(parts.extents.back());
      parts.extents.pop_back();
    }
  }
  return chain;
}

base::Bytes encode(const LayerRecord& record) {
  RecordWriter out(kRecordVersion);
  out.text(record.realm);
  out.hash(record.realm_key);
  out.text(record.format);
  out.integer(record.virtual_size.value);
  out.list(record.files, [&](const SourceFile& file) { write(out, file); });
  out.flag(record.block_device);
  out.flag(record.data_file);
  out.optional(record.backing, [&](const disk::BackingName& backing) { write(out, backing); });
  out.list(record.bitmaps, [&](const std::string& name) { out.text(name); });
  out.text(record.tree);
  out.hash(record.root);
  out.integer(record.ids);
  out.integer(record.nonzero_blocks);
  out.flag(record.hint);
  out.integer(record.scanned_at);
  return out.take();
}

LayerRecord decode_layer_record(base::ByteView bytes) {
  RecordReader in(bytes, kRecordVersion, "a layer's record");
  LayerRecord record;
  record.realm = in.text();
  record.realm_key = in.hash();
  record.format = in.text();
  record.virtual_size = base::ByteCount(in.integer<std::uint64_t>());
  record.files = in.list([&] { return read_file(in); });
  record.block_device = in.flag();
  record.data_file = in.flag();
  record.backing = in.optional([&] { return read_backing(in); });
  record.bitmaps = in.list([&] { return in.text(); });
  record.tree = in.text();
  record.root = in.hash();
  record.ids = in.integer<std::uint64_t>();
  record.nonzero_blocks = in.integer<std::uint64_t>();
  record.hint = in.flag();
  record.scanned_at = in.integer<std::int64_t>();
  in.finish();
  if (record.files.size() < (record.data_file ? 2U : 1U))
    in.corrupt("it names no file");
  if (record.tree.empty() || record.tree.front() == '.' || record.tree.find('/') != std::string::npos)
    in.corrupt("its tree is not a file of the catalog's folder");
  return record;
}

}  // namespace jaunt::chunkstore
