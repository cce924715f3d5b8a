#include "transport/message_codec.hpp"

#include <algorithm>
#include <bit>
#include <limits>
#include <utility>

#include <messages.pb.h>

#include "transport/message_parts.hpp"

namespace jaunt::transport {

namespace {

using base::ErrorKind;
using transport::take;  // beside those below

template <typename Repeated>
std::vector<std::string> take_features(const Repeated& in) {
  limit_unless(in.size() <= static_cast<int>(kFeaturesMax), "it names too many features");
  std::vector<std::string> features(in.begin(), in.end());
  for (const std::string& feature : features)
    limit_unless(feature.size() <= kNameBytesMax, "a feature's name is too long");
  corrupt_unless(std::is_sorted(features.begin(), features.end()), "its features are not sorted");
  return features;
}

// One pair of put() and take() for each kind of message.

void put(wire::Envelope& out, const Hello& hello) {
  out.mutable_hello()->set_version(hello.version);
  for (const std::string& feature : hello.features)
    out.mutable_hello()->add_features(feature);
}

Hello take(const wire::Hello& in) {
  return {in.version(), take_features(in.features())};
}

void put(wire::Envelope& out, const Welcome& welcome) {
  wire::Welcome& to = *out.mutable_welcome();
  to.set_version(welcome.version);
  for (const std::string& feature : welcome.features)
    to.add_features(feature);
  for (const DiskFacts& disk : welcome.disks)
    put_disk(*to.add_disks(), disk);
}

Welcome take(const wire::Welcome& in) {
  limit_unless(in.disks_size() <= static_cast<int>(kDisksMax), "it names too many disks");
  Welcome welcome{in.version(), take_features(in.features()), {}};
  for (const wire::Disk& disk : in.disks())
    welcome.disks.push_back(take_disk(disk));
  return welcome;
}

void put(wire::Envelope& out, const AskSamples& ask) {
  out.mutable_ask_samples()->set_disk(ask.disk);
}

AskSamples take(const wire::AskSamples& in) {
  return {in.disk()};
}

void put(wire::Envelope& out, const Samples& samples) {
  wire::Samples& to = *out.mutable_samples();
  to.set_zero_bits(samples.zero_bits);
  std::uint64_t previous = 0;
  for (const Sample& sample : samples.samples) {
    to.add_gaps(sample.key - std::exchange(previous, sample.key));
    to.add_blocks(sample.blocks);
  }
  to.set_needed_blocks(samples.needed_blocks);
  to.set_needed_ids(samples.needed_ids);
  to.set_squared_blocks(samples.squared_blocks);
}

Samples take(const wire::Samples& in) {
  const int count = in.gaps_size();
  limit_unless(count <= static_cast<int>(kSamplesMax), "it has too many samples");
  corrupt_unless(in.blocks_size() == count, "its samples have parts missing");
  Samples result{in.zero_bits(), {}, in.needed_blocks(), in.needed_ids(), in.squared_blocks()};
  std::uint64_t key = 0;
  for (int i = 0; i < count; ++i) {
    corrupt_unless((i == 0 || in.gaps(i) != 0) && in.gaps(i) <= std::numeric_limits<std::uint64_t>::max() - key,
                   "its samples do not ascend");
    key += in.gaps(i);
    result.samples.push_back({key, in.blocks(i)});
  }
  return result;
}

void put(wire::Envelope& out, const AskNodes& ask) {
  wire::AskNodes& to = *out.mutable_ask_nodes();
  to.set_disk(ask.disk);
  to.set_level(ask.node.level);
  to.set_index(ask.node.index);
  to.set_depth(ask.depth);
}

AskNodes take(const wire::AskNodes& in) {
  limit_unless(in.depth() <= kDepthMax, "it asks for too many levels at once");
  return {in.disk(), {in.level(), in.index()}, in.depth()};
}

void put(wire::Envelope& out, const Nodes& nodes) {
  wire::Nodes& to = *out.mutable_nodes();
  to.mutable_present()->assign((nodes.hashes.size() + 7) / 8, 0);
  for (std::size_t i = 0; i < nodes.hashes.size(); ++i) {
    if (nodes.hashes[i] == model::kZeroNode)
      continue;
    char& bits = (*to.mutable_present())[i / 8];
    bits = static_cast<char>(static_cast<unsigned char>(bits) | 0x80U >> i % 8);
    to.mutable_hashes()->append(to_wire(nodes.hashes[i]));
  }
}

Nodes take(const wire::Nodes& in) {
  // One node takes a whole byte of which the rest is zero; 16 and 256 fill theirs.
  const std::size_t count = in.present().size() == 1 ? 1 : in.present().size() * 8;
  limit_unless(count <= kNodesMax, "it has too many nodes");
  Nodes nodes{std::vector<base::Hash32>(count)};
  std::size_t used = 0;
  for (std::size_t i = 0; i < in.present().size() * 8; ++i) {
    if ((static_cast<unsigned char>(in.present()[i / 8]) >> (7 - i % 8) & 1) == 0)
      continue;
    corrupt_unless(i < count && in.hashes().size() - used >= sizeof(base::Hash32), "its nodes have parts missing");
    std::memcpy(nodes.hashes[i].data(), in.hashes().data() + used, sizeof(base::Hash32));
    corrupt_unless(nodes.hashes[i] != model::kZeroNode, "a node that should not be zero is");
    used += sizeof(base::Hash32);
  }
  corrupt_unless(used == in.hashes().size(), "it has hashes left over");
  return nodes;
}

void put(wire::Envelope& out, const AskGroups& ask) {
  wire::AskGroups& to = *out.mutable_ask_groups();
  to.set_disk(ask.disk);
  std::uint64_t previous = 0;
  for (const std::uint64_t tile : ask.tiles)
    to.add_gaps(tile - std::exchange(previous, tile));
  to.set_check_bits(ask.check_bits);
}

AskGroups take(const wire::AskGroups& in) {
  limit_unless(in.gaps_size() <= static_cast<int>(kTilesMax), "it names more tiles than a message may");
  limit_unless(in.check_bits() <= kCheckBitsMax, "it asks for checks that are too long");
  AskGroups ask{in.disk(), {}, in.check_bits()};
  for (int i = 0; i < in.gaps_size(); ++i)
    ask.tiles.push_back(next_tile(in.gaps(i), i == 0, i == 0 ? 0 : ask.tiles.back()));
  return ask;
}

void put(wire::Envelope& out, const Groups& groups) {
  put_blocks(*out.mutable_groups()->mutable_blocks(), groups.blocks);
  out.mutable_groups()->set_checks(to_wire(groups.checks));
}

Groups take(const wire::Groups& in) {
  return {take_blocks(in.blocks()), to_bytes(in.checks())};
}

void put(wire::Envelope& out, const AskIds& ask) {
  wire::AskIds& to = *out.mutable_ask_ids();
  to.set_disk(ask.disk);
  put_blocks(*to.mutable_blocks(), ask.blocks);
  to.set_first_bit(ask.first_bit);
  to.set_bits(ask.bits);
}

AskIds take(const wire::AskIds& in) {
  limit_unless(in.first_bit() < kIdBits && in.bits() <= kIdBits - in.first_bit(), "it asks for bits beyond an id");
  return {in.disk(), take_blocks(in.blocks()), in.first_bit(), in.bits()};
}

void put(wire::Envelope& out, const Ids& ids) {
  out.mutable_ids()->set_bits(to_wire(ids.bits));
}

Ids take(const wire::Ids& in) {
  return {to_bytes(in.bits())};
}

void put(wire::Envelope& out, const AskChecks& ask) {
  wire::AskChecks& to = *out.mutable_ask_checks();
  to.set_disk(ask.disk);
  put_blocks(*to.mutable_blocks(), ask.blocks);
  to.set_by_group(ask.by_group);
}

AskChecks take(const wire::AskChecks& in) {
  return {in.disk(), take_blocks(in.blocks()), in.by_group()};
}

void put(wire::Envelope& out, const Checks& checks) {
  out.mutable_checks()->set_checks(to_wire(checks.checks));
}

Checks take(const wire::Checks& in) {
  return {to_bytes(in.checks())};
}

void put(wire::Envelope& out, const Refusal& refusal) {
  out.mutable_refusal()->set_kind(static_cast<std::uint32_t>(refusal.kind));
  out.mutable_refusal()->set_cause(refusal.cause);
}

Refusal take(const wire::Refusal& in) {
  limit_unless(in.cause().size() <= kCauseBytesMax, "its reason is too long");
  corrupt_unless(in.kind() <= static_cast<std::uint32_t>(ErrorKind::hypervisor), "its kind of error is unknown");
  return {static_cast<ErrorKind>(in.kind()), in.cause()};
}

void put(wire::Envelope& out, const AskSizes& ask) {
  out.mutable_ask_sizes()->set_disk(ask.disk);
  put_blocks(*out.mutable_ask_sizes()->mutable_blocks(), ask.blocks);
  out.mutable_ask_sizes()->set_remembered_blocks(ask.remembered_blocks);
}

AskSizes take(const wire::AskSizes& in) {
  return {in.disk(), take_blocks(in.blocks()), in.remembered_blocks()};
}

void put(wire::Envelope& out, const Sizes& sizes) {
  wire::Sizes& to = *out.mutable_sizes();
  to.set_bytes(sizes.bytes.value);
  to.set_compressed(sizes.compressed.value);
  to.set_disk_bytes(sizes.disk_bytes.value);
  to.set_disk_compressed(sizes.disk_compressed.value);
  to.set_repeated(sizes.repeated.value);
}

Sizes take(const wire::Sizes& in) {
  return {base::ByteCount(in.bytes()), base::ByteCount(in.compressed()), base::ByteCount(in.disk_bytes()),
          base::ByteCount(in.disk_compressed()), base::ByteCount(in.repeated())};
}

void put(wire::Envelope& out, const AskStream& ask) {
  wire::AskStream& to = *out.mutable_ask_stream();
  to.set_bytes_per_second(ask.bytes_per_second);
  to.set_window_bits(ask.window_bits);
  to.set_disk(ask.disk);
  put_blocks(*to.mutable_blocks(), ask.blocks);
}

AskStream take(const wire::AskStream& in) {
  limit_unless(in.window_bits() >= kWindowBitsMin && in.window_bits() <= kWindowBitsMax,
               "its window is out of bounds");
  return {in.bytes_per_second(), in.window_bits(), in.disk(), take_blocks(in.blocks())};
}

void put(wire::Envelope& out, const Stream& stream) {
  out.mutable_stream()->set_history(stream.history.value);
}

Stream take(const wire::Stream& in) {
  return {base::ByteCount(in.history())};
}

void put(wire::Envelope& out, const AskBlocks& ask) {
  out.mutable_ask_blocks()->set_disk(ask.disk);
  put_blocks(*out.mutable_ask_blocks()->mutable_blocks(), ask.blocks);
  for (const base::Bytes& former : ask.former)
    out.mutable_ask_blocks()->add_former(to_wire(former));
}

AskBlocks take(const wire::AskBlocks& in) {
  AskBlocks ask{in.disk(), take_blocks(in.blocks())};
  corrupt_unless(in.former().empty() || static_cast<std::size_t>(in.former_size()) == ask.blocks.size(),
                 "it does not tell of each tile what was there");
  std::size_t bytes = 0;
  for (const auto& former : in.former()) {
    bytes += former.size();
    limit_unless(bytes <= kFormerBytesMax, "it tells of too much that was there");
    ask.former.push_back(to_bytes(former));
  }
  return ask;
}

void put(wire::Envelope& out, const Blocks& blocks) {
  out.mutable_blocks()->set_fresh(blocks.fresh);
  out.mutable_blocks()->set_piece(to_wire(blocks.piece));
  for (const std::uint32_t delta : blocks.deltas)
    out.mutable_blocks()->add_deltas(delta);
}

Blocks take(const wire::Blocks& in) {
  limit_unless(static_cast<std::size_t>(in.deltas_size()) <= kTilesMax, "it has too many deltas");
  return {in.fresh(), to_bytes(in.piece()), {in.deltas().begin(), in.deltas().end()}};
}

Body take_body(const wire::Envelope& in) {
  switch (in.body_case()) {
    case wire::Envelope::kHello:
      return take(in.hello());
    case wire::Envelope::kWelcome:
      return take(in.welcome());
    case wire::Envelope::kAskSamples:
      return take(in.ask_samples());
    case wire::Envelope::kSamples:
      return take(in.samples());
    case wire::Envelope::kAskNodes:
      return take(in.ask_nodes());
    case wire::Envelope::kNodes:
      return take(in.nodes());
    case wire::Envelope::kAskGroups:
      return take(in.ask_groups());
    case wire::Envelope::kGroups:
      return take(in.groups());
    case wire::Envelope::kAskIds:
      return take(in.ask_ids());
    case wire::Envelope::kIds:
      return take(in.ids());
    case wire::Envelope::kAskChecks:
      return take(in.ask_checks());
    case wire::Envelope::kChecks:
      return take(in.checks());
    case wire::Envelope::kRefusal:
      return take(in.refusal());
    case wire::Envelope::kAskMachine:
      return take(in.ask_machine());
    case wire::Envelope::kMachine:
      return take(in.machine());
    case wire::Envelope::kAskSizes:
      return take(in.ask_sizes());
    case wire::Envelope::kSizes:
      return take(in.sizes());
    case wire::Envelope::kAskStream:
      return take(in.ask_stream());
    case wire::Envelope::kStream:
      return take(in.stream());
    case wire::Envelope::kAskBlocks:
      return take(in.ask_blocks());
    case wire::Envelope::kBlocks:
      return take(in.blocks());
    case wire::Envelope::kAskProbe:
      return take(in.ask_probe());
    case wire::Envelope::kProbe:
      return take(in.probe());
    case wire::Envelope::kAskReceive:
      return take(in.ask_receive());
    case wire::Envelope::kReceiving:
      return take(in.receiving());
    case wire::Envelope::kStatus:
      return take(in.status());
    case wire::Envelope::kOver:
      return take(in.over());
    case wire::Envelope::kFinished:
      return take(in.finished());
    case wire::Envelope::kAskOrder:
      return take(in.ask_order());
    case wire::Envelope::kOrder:
      return take(in.order());
    case wire::Envelope::kAskArchives:
      return take(in.ask_archives());
    case wire::Envelope::kArchives:
      return take(in.archives());
    case wire::Envelope::kAskUnpacked:
      return take(in.ask_unpacked());
    case wire::Envelope::kUnpacked:
      return take(in.unpacked());
    case wire::Envelope::kAskPackages:
      return take(in.ask_packages());
    case wire::Envelope::kPackages:
      return take(in.packages());
    case wire::Envelope::BODY_NOT_SET:
      break;
  }
  refuse(ErrorKind::unsupported, "this version does not know its kind");
}

}  // namespace

base::Bytes encode(const Message& message) {
  wire::Envelope envelope;
  envelope.set_number(message.number);
  std::visit([&](const auto& body) { put(envelope, body); }, message.body);
  base::Bytes bytes(envelope.ByteSizeLong());
  base::invariant(bytes.size() <= kMessageBytesMax, "a message keeps the bound of its size");
  envelope.SerializeWithCachedSizesToArray(reinterpret_cast<std::uint8_t*>(bytes.data()));
  return bytes;
}

Message decode(base::ByteView bytes) {
  limit_unless(bytes.size() <= kMessageBytesMax, "it is too long");
  wire::Envelope envelope;
  corrupt_unless(envelope.ParseFromArray(bytes.data(), static_cast<int>(bytes.size())), "it is malformed");
  return {envelope.number(), take_body(envelope)};
}

}  // namespace jaunt::transport
