#include <cstring>
#include <utility>

#include <messages.pb.h>

#include "transport/message_parts.hpp"

namespace jaunt::transport {

void put(wire::Envelope& out, const AskOrder& ask) {
  out.mutable_ask_order()->set_disk(ask.disk);
  put_blocks(*out.mutable_ask_order()->mutable_blocks(), ask.blocks);
}

AskOrder take(const wire::AskOrder& in) {
  return {in.disk(), take_blocks(in.blocks())};
}

void put(wire::Envelope& out, const Order& order) {
  std::int64_t previous = 0;
  for (const std::int64_t file : order.files)
    out.mutable_order()->add_steps(file - std::exchange(previous, file));
}

Order take(const wire::Order& in) {
  limit_unless(in.steps_size() <= static_cast<int>(kTilesMax), "it names more files than a message may");
  Order order;
  std::int64_t file = 0;
  for (const std::int64_t step : in.steps()) {
    constexpr std::int64_t kMax = std::uint32_t(-1);
    corrupt_unless(step >= -kMax && step <= kMax && file + step >= 0 && file + step <= kMax,
                   "the number of a file is out of bounds");
    file += step;
    order.files.push_back(static_cast<std::uint32_t>(file));
  }
  return order;
}

void put(wire::Envelope& out, const AskArchives& ask) {
  out.mutable_ask_archives()->set_disk(ask.disk);
}

AskArchives take(const wire::AskArchives& in) {
  return {in.disk()};
}

void put(wire::Envelope& out, const Archives& archives) {
  wire::Archives& to = *out.mutable_archives();
  for (const ArchiveFacts& archive : archives.archives) {
    wire::Archive& a = *to.add_archives();
    a.set_path(archive.path);
    a.set_size(archive.size.value);
    for (const model::BlockId& id : archive.sample)
      a.mutable_sample()->append(to_wire(id.bytes));
  }
}

Archives take(const wire::Archives& in) {
  limit_unless(in.archives_size() <= static_cast<int>(kArchivesMax), "it names too many archives");
  Archives archives;
  for (const wire::Archive& archive : in.archives()) {
    constexpr std::size_t kIdBytes = sizeof(model::BlockId::bytes);
    limit_unless(archive.path().size() <= kSubjectBytesMax && archive.sample().size() <= kArchiveSampleMax * kIdBytes,
                 "what it says of an archive is too long");
    corrupt_unless(archive.sample().size() % kIdBytes == 0, "the sample of an archive is not of whole ids");
    ArchiveFacts facts{.path = archive.path(), .size = base::ByteCount(archive.size()), .sample = {}};
    facts.sample.resize(archive.sample().size() / kIdBytes);
    for (std::size_t i = 0; i < facts.sample.size(); ++i)
      std::memcpy(facts.sample[i].bytes.data(), archive.sample().data() + i * kIdBytes, kIdBytes);
    archives.archives.push_back(std::move(facts));
  }
  return archives;
}

void put(wire::Envelope& out, const AskUnpacked& ask) {
  out.mutable_ask_unpacked()->set_disk(ask.disk);
  out.mutable_ask_unpacked()->set_archive(ask.archive);
}

AskUnpacked take(const wire::AskUnpacked& in) {
  return {in.disk(), in.archive()};
}

void put(wire::Envelope& out, const Unpacked& unpacked) {
  wire::Unpacked& to = *out.mutable_unpacked();
  to.set_known(unpacked.known);
  to.set_cause(unpacked.cause);
  to.set_encoder(unpacked.encoder);
  to.set_version(unpacked.version);
  to.set_disk(unpacked.disk);
  if (unpacked.known)
    put_disk(*to.mutable_facts(), unpacked.facts);
}

Unpacked take(const wire::Unpacked& in) {
  limit_unless(in.cause().size() <= kCauseBytesMax && in.encoder().size() <= kNameBytesMax &&
                   in.version().size() <= kNameBytesMax,
               "what it says of an archive is too long");
  return {in.known(),   in.cause(), in.encoder(),
          in.version(), in.disk(),  in.known() ? take_disk(in.facts()) : DiskFacts{}};
}

}  // namespace jaunt::transport
