#include "model/tree_writer.hpp"

#include <utility>

#include "base/error.hpp"

namespace jaunt::model {

namespace {

using tree_format::Section;
using tree_format::SectionKind;

template <typename T>
base::ByteView bytes_of(const T& value) {
  return std::as_bytes(std::span(&value, 1));
}

base::ByteCount checked(base::ByteCount image_size, const std::filesystem::path& path) {
  if (image_size > tree_format::kImageBytesMax)
    throw base::Error(base::ErrorKind::limit, "write block tree", path.string(), "the image is larger than 256 TiB");
  return image_size;
}

}  // namespace

base::Hash32 realm_fingerprint(const std::optional<RealmKey>& key) {
  if (!key)
    return {};
  return base::Sha256().update(base::as_bytes("jaunt realm")).update(*key).finish();
}

// The sections one after the other, with their checksums.
class TreeWriter::SectionWriter {
 public:
  SectionWriter(const base::File& file, tree_format::Header& header)
      : file_(file), header_(header), at_(tree_format::header_bytes(header.sections.size())) {}

  void begin() {
    const std::uint64_t offset = tree_format::aligned(at_);
    buffer_.resize(offset - at_);
    flush();
    current().offset = offset;
  }

  void append(base::ByteView bytes) {
    sha_.update(bytes);
    length_ += bytes.size();
    if (buffer_.size() + bytes.size() > kBufferBytes)
      flush();
    if (bytes.size() >= kBufferBytes) {
      file_.write_all(base::ByteOffset(at_), bytes);
      at_ += bytes.size();
    } else {
      buffer_.insert(buffer_.end(), bytes.begin(), bytes.end());
    }
  }

  void end() {
    flush();
    current().count = std::exchange(length_, 0) / tree_format::entry_bytes(current().kind);
    current().hash = sha_.finish();
    ++section_;
  }

  void whole(const Spill& spill) {
    begin();
    spill.read([this](base::ByteView bytes) { append(bytes); });
    end();
  }

  std::uint64_t file_bytes() const { return at_; }
  std::uint64_t last_count() const { return header_.sections[section_ - 1].count; }

 private:
  static constexpr std::size_t kBufferBytes = 64 * base::kKiB;

  Section& current() { return header_.sections[section_]; }
  void flush() {
    file_.write_all(base::ByteOffset(at_), buffer_);
    at_ += buffer_.size();
    buffer_.clear();
  }

  const base::File& file_;
  tree_format::Header& header_;
  std::uint64_t at_;
  std::size_t section_ = 0;
  std::uint64_t length_ = 0;
  base::Bytes buffer_;
  base::Sha256 sha_;
};

TreeWriter::TreeWriter(const std::filesystem::path& path, base::ByteCount image_size,
                       const std::optional<RealmKey>& key, const ExtentSet& elided)
    : folder_(path.parent_path()),
      elided_(ElidedBlocks(checked(image_size, path), elided).extents()),
      file_(path),
      groups_(folder_),
      group_hashes_(folder_),
      ids_(folder_),
      builder_(image_size,
               [this](NodePlace place, const base::Hash32& hash) {
                 const tree_format::Node node{static_cast<std::uint32_t>(place.index), hash};
                 nodes_[place.level - 2].append(bytes_of(node));
               }),
      carried_(image_size, elided) {
  header_.image_size = image_size;
  header_.levels = tree_levels(image_size);
  header_.flags = key ? tree_format::kKeyedFlag : 0;
  header_.realm = realm_fingerprint(key);
  header_.sections = tree_format::empty_sections(header_.levels);
  for (unsigned level = 2; level <= header_.levels; ++level)
    nodes_.emplace_back(folder_);
}

void TreeWriter::add_group(std::uint64_t index, std::uint16_t mask, std::span<const BlockId> ids,
                           const base::Hash32& hash) {
  if (ids_.count() + ids.size() > tree_format::kNonzeroBlocksMax)
    throw base::Error(base::ErrorKind::limit, "write block tree", file_.file().path().string(),
                      "the image has more than 16 TiB of data");
  const TreeGroup group{static_cast<std::uint32_t>(index), static_cast<std::uint32_t>(ids_.count()), mask, 0};
  groups_.append(bytes_of(group));
  group_hashes_.append(hash);
  builder_.add_group(index, hash);
  carried_.add_group(index, mask, hash, [&] { return ids; });
  ids_.add(ids);
}

TreeSummary TreeWriter::commit() {
  header_.root = builder_.finish();
  header_.carried_root = carried_.finish();
  header_.nonzero_blocks = ids_.count();
  header_.needed_blocks = carried_.needed_blocks();
  SectionWriter out(file_.file(), header_);
  write_sections(out);
  header_.file_bytes = out.file_bytes();
  file_.file().write_all(base::ByteOffset(0), tree_format::encode(header_));
  file_.commit();
  return {header_.image_size,     header_.root,          header_.carried_root,
          header_.nonzero_blocks, header_.needed_blocks, header_.unique_ids};
}

void TreeWriter::write_sections(SectionWriter& out) {
  out.whole(groups_);
  out.whole(group_hashes_);
  for (const Spill& level : nodes_)
    out.whole(level);
  Spill first_ordinals(folder_);
  out.begin();
  ids_.sort([&](auto ids) { out.append(std::as_bytes(ids)); },
            [&](auto ordinals) { first_ordinals.append(std::as_bytes(ordinals)); });
  out.end();
  header_.unique_ids = out.last_count();
  out.whole(first_ordinals);
  out.begin();
  ids_.write_ranks([&](auto ranks) { out.append(std::as_bytes(ranks)); });
  out.end();
  out.begin();
  for (const Extent& extent : elided_.extents())
    out.append(bytes_of(tree_format::ElidedExtent{extent.offset.value, extent.length.value}));
  out.end();
}

}  // namespace jaunt::model
