#include "model/tree_format.hpp"

#include <algorithm>
#include <string>

#include "base/error.hpp"
#include "model/block_tree.hpp"

namespace jaunt::model::tree_format {

namespace {

using base::Error;
using base::ErrorKind;

class Cursor {
 public:
  explicit Cursor(base::ByteView bytes) : bytes_(bytes) {}

  template <std::integral Integer>
  Integer integer() {
    return base::load_le<Integer>(take(sizeof(Integer)));
  }

  base::Hash32 hash() {
    base::Hash32 result;
    std::ranges::copy(take(result.size()), result.begin());
    return result;
  }

  base::ByteView take(std::size_t count) {
    base::invariant(count <= bytes_.size(), "the header's length was checked");
    const base::ByteView result = bytes_.first(count);
    bytes_ = bytes_.subspan(count);
    return result;
  }

 private:
  base::ByteView bytes_;
};

void append(base::Bytes& out, base::ByteView bytes) {
  out.insert(out.end(), bytes.begin(), bytes.end());
}

[[noreturn]] void corrupt(const std::string& name, const char* cause) {
  throw Error(ErrorKind::corrupt, "read block tree", name, cause, "remove it and scan the image again");
}

Header decode_fields(Cursor cursor, std::uint32_t section_count) {
  Header header;
  header.file_bytes = cursor.integer<std::uint64_t>();
  header.image_size = base::ByteCount(cursor.integer<std::uint64_t>());
  header.nonzero_blocks = cursor.integer<std::uint64_t>();
  header.unique_ids = cursor.integer<std::uint64_t>();
  header.needed_blocks = cursor.integer<std::uint64_t>();
  header.levels = cursor.integer<std::uint32_t>();
  header.flags = cursor.integer<std::uint32_t>();
  header.realm = cursor.hash();
  header.root = cursor.hash();
  header.carried_root = cursor.hash();
  header.sections.resize(section_count);
  for (Section& section : header.sections) {
    section.kind = static_cast<SectionKind>(cursor.integer<std::uint32_t>());
    section.level = cursor.integer<std::uint32_t>();
    section.offset = cursor.integer<std::uint64_t>();
    section.count = cursor.integer<std::uint64_t>();
    section.hash = cursor.hash();
  }
  return header;
}

// How many entries a section has, or may have at most, by what the header says.
std::uint64_t entries_max(const Header& header, SectionKind kind) {
  switch (kind) {
    case SectionKind::groups:
    case SectionKind::group_hashes:
    case SectionKind::nodes:
    case SectionKind::ranks:
      return header.nonzero_blocks;
    case SectionKind::ids:
    case SectionKind::first_ordinals:
      return header.unique_ids;
    case SectionKind::elided:
      return kElidedExtentsMax;
  }
  return 0;
}

void check_fields(const Header& header, const std::string& name) {
  if (header.image_size > kImageBytesMax || header.nonzero_blocks > kNonzeroBlocksMax)
    throw Error(ErrorKind::limit, "read block tree", name, "the image is larger than this version handles");
  if ((header.flags & ~kKeyedFlag) != 0)
    throw Error(ErrorKind::unsupported, "read block tree", name, "it has features of another version",
                "remove it and scan the image again");
  if ((header.flags == kKeyedFlag) != (header.realm != base::Hash32{}))
    corrupt(name, "its realm is keyed and not keyed");
  const std::uint64_t blocks = block_count(header.image_size);
  if (header.nonzero_blocks > blocks || header.unique_ids > header.nonzero_blocks ||
      header.needed_blocks > header.nonzero_blocks || (header.unique_ids == 0) != (header.nonzero_blocks == 0))
    corrupt(name, "its counts of blocks contradict one another");
  if (header.levels != tree_levels(header.image_size))
    corrupt(name, "its depth does not fit the image's size");
}

// Sections follow one another in the one order there is, so nothing overlaps and nothing is left over.
void check_sections(const Header& header, const std::string& name) {
  const std::vector<Section> expected = empty_sections(header.levels);
  if (header.sections.size() != expected.size())
    corrupt(name, "it has the wrong number of sections");
  std::uint64_t end = header_bytes(header.sections.size());
  for (std::size_t i = 0; i < expected.size(); ++i) {
    const Section& section = header.sections[i];
    if (section.kind != expected[i].kind || section.level != expected[i].level)
      corrupt(name, "its sections are out of order");
    if (section.offset != aligned(end) || section.count > entries_max(header, section.kind))
      corrupt(name, "a section lies where it cannot");
    end = section.offset + section.count * entry_bytes(section.kind);
  }
  if (end != header.file_bytes)
    corrupt(name, "its sections do not fill the file");
  const auto count = [&](SectionKind kind) {
    return std::ranges::find(header.sections, kind, &Section::kind)->count;
  };
  if (count(SectionKind::groups) != count(SectionKind::group_hashes) ||
      count(SectionKind::groups) < (header.nonzero_blocks + kFanout - 1) / kFanout ||
      count(SectionKind::ids) != header.unique_ids || count(SectionKind::first_ordinals) != header.unique_ids ||
      count(SectionKind::ranks) != header.nonzero_blocks)
    corrupt(name, "its sections have the wrong lengths");
}

}  // namespace

std::vector<Section> empty_sections(unsigned levels) {
  std::vector<Section> sections = {{.kind = SectionKind::groups}, {.kind = SectionKind::group_hashes}};
  for (unsigned level = 2; level <= levels; ++level)
    sections.push_back({.kind = SectionKind::nodes, .level = level});
  for (const auto kind : {SectionKind::ids, SectionKind::first_ordinals, SectionKind::ranks, SectionKind::elided})
    sections.push_back({.kind = kind});
  return sections;
}

base::Bytes encode(const Header& header) {
  base::Bytes out;
  out.reserve(header_bytes(header.sections.size()));
  append(out, base::as_bytes(kMagic));
  base::append_le(out, kVersion);
  base::append_le(out, static_cast<std::uint32_t>(header.sections.size()));
  base::append_le(out, header.file_bytes);
  base::append_le(out, header.image_size.value);
  base::append_le(out, header.nonzero_blocks);
  base::append_le(out, header.unique_ids);
  base::append_le(out, header.needed_blocks);
  base::append_le(out, header.levels);
  base::append_le(out, header.flags);
  append(out, header.realm);
  append(out, header.root);
  append(out, header.carried_root);
  for (const Section& section : header.sections) {
    base::append_le(out, static_cast<std::uint32_t>(section.kind));
    base::append_le(out, section.level);
    base::append_le(out, section.offset);
    base::append_le(out, section.count);
    append(out, section.hash);
  }
  append(out, base::sha256(out));
  return out;
}

Header decode(base::ByteView file, const std::string& name) {
  if (file.size() < kFixedHeaderBytes)
    corrupt(name, "it is shorter than its header");
  Cursor cursor(file);
  if (!std::ranges::equal(cursor.take(kMagic.size()), base::as_bytes(kMagic)))
    corrupt(name, "it does not begin as a block tree");
  if (cursor.integer<std::uint32_t>() != kVersion)
    throw Error(ErrorKind::unsupported, "read block tree", name, "it is of another version",
                "remove it and scan the image again");
  const auto section_count = cursor.integer<std::uint32_t>();
  if (section_count > empty_sections(kLevelsMax).size() || file.size() < header_bytes(section_count))
    corrupt(name, "it is shorter than its header");
  const base::ByteView checked = file.first(header_bytes(section_count) - sizeof(base::Hash32));
  if (!std::ranges::equal(base::sha256(checked), file.subspan(checked.size(), sizeof(base::Hash32))))
    corrupt(name, "its header fails its checksum");
  Header header = decode_fields(cursor, section_count);
  if (header.file_bytes != file.size())
    corrupt(name, "it has not the length that its header says");
  check_fields(header, name);
  check_sections(header, name);
  return header;
}

}  // namespace jaunt::model::tree_format
