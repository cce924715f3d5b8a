// What two nodes say to each other while they work out a difference: values. docs/protocol.md tells the exchange.
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <variant>
#include <vector>

#include "base/bytes.hpp"
#include "base/error.hpp"
#include "base/hash.hpp"
#include "model/block.hpp"
#include "model/block_tree.hpp"

namespace jaunt::transport {

inline constexpr std::uint32_t kProtocolVersion = 1;

// A tile is what lies below a node of level 2: 16 groups, 256 blocks, 1 MiB.
inline constexpr unsigned kTileGroups = model::kFanout;
inline constexpr unsigned kTileBlocks = model::kFanout * model::kFanout;

// What one message may hold; more is refused by either side.
inline constexpr std::size_t kMessageBytesMax = std::size_t{5} << 18;  // 1.25 MiB
inline constexpr std::size_t kTilesMax = 256;
inline constexpr unsigned kDepthMax = 2;
inline constexpr std::size_t kNodesMax = kTileBlocks;
inline constexpr std::size_t kSamplesMax = 16384;
inline constexpr std::size_t kDisksMax = 256;
inline constexpr std::size_t kFeaturesMax = 64;
inline constexpr std::size_t kNameBytesMax = 256;
inline constexpr std::size_t kCauseBytesMax = 1024;
inline constexpr std::size_t kSubjectBytesMax = 4096;
inline constexpr std::size_t kDescriptionBytesMax = 1 << 20;
inline constexpr std::size_t kFirmwarePieceMax = 128 * base::kKiB;  // compressed
inline constexpr std::uint64_t kFirmwareBytesMax = 64 * base::kMiB;
inline constexpr std::size_t kSummaryBytesMax = 1 << 20;
inline constexpr std::size_t kArchivesMax = 64;
inline constexpr std::size_t kArchiveSampleMax = 64;
inline constexpr std::size_t kPackagesPieceMax = 1 << 20;  // compressed
inline constexpr std::uint64_t kPackagesBytesMax = 16 * base::kMiB;
inline constexpr std::uint32_t kProbeBytesMax = 128 * base::kKiB;
inline constexpr unsigned kCheckBitsMax = 64;
inline constexpr unsigned kIdBits = 128;
inline constexpr std::size_t kBlocksMax = kTileBlocks;  // that one message may bring: 1 MiB
inline constexpr std::size_t kFormerBytesMax = 64 * base::kKiB;  // of what one message tells of former versions

// Bits of integers one behind another, the most significant first, zeros up to the last byte's end.
using PackedBits = base::Bytes;

// Some blocks of one tile, a mask for each group, block 0 in bit 0.
struct TileBlocks {
  std::uint64_t tile = 0;
  std::array<std::uint16_t, kTileGroups> groups{};

  bool operator==(const TileBlocks&) const = default;
};
using BlockSet = std::vector<TileBlocks>;  // ascending by tile

// What a source may be asked beside what every version knows.
inline constexpr const char* kFeatureArchives = "archives";  // AskArchives and AskUnpacked
inline constexpr const char* kFeatureDeltas = "deltas";      // AskBlocks::former
inline constexpr const char* kFeatureOrder = "order";        // AskOrder

// The destination's first message, and the source's answer.
struct Hello {
  std::uint32_t version = kProtocolVersion;
  std::vector<std::string> features;  // sorted

  bool operator==(const Hello&) const = default;
};

struct DiskFacts {
  std::string target;  // its name in the domain, such as vda
  base::ByteCount size;
  base::Hash32 root{};
  base::Hash32 carried_root{};
  base::Hash32 realm{};  // as model::realm_fingerprint() makes it
  std::uint64_t nonzero_blocks = 0;
  std::uint64_t needed_blocks = 0;
  std::uint64_t unique_ids = 0;

  bool operator==(const DiskFacts&) const = default;
};

struct Welcome {
  std::uint32_t version = kProtocolVersion;
  std::vector<std::string> features;
  std::vector<DiskFacts> disks;

  bool operator==(const Welcome&) const = default;
};

// What candidates are ranked by: the needed ids that begin with so many zero bits, see match::Samples.
struct AskSamples {
  std::uint32_t disk = 0;

  bool operator==(const AskSamples&) const = default;
};

struct Sample {
  std::uint64_t key = 0;     // the first 64 bits of an id
  std::uint32_t blocks = 0;  // that have it

  bool operator==(const Sample&) const = default;
};

struct Samples {
  std::uint32_t zero_bits = 0;
  std::vector<Sample> samples;  // ascending by key
  std::uint64_t needed_blocks = 0;
  std::uint64_t needed_ids = 0;
  std::uint64_t squared_blocks = 0;

  bool operator==(const Samples&) const = default;
};

// The hashes `depth` levels below a node, in elided form; 0 is the node itself.
struct AskNodes {
  std::uint32_t disk = 0;
  model::NodePlace node;
  std::uint32_t depth = 0;

  bool operator==(const AskNodes&) const = default;
};

struct Nodes {
  std::vector<base::Hash32> hashes;  // 16^depth, zero ones as kZeroNode

  bool operator==(const Nodes&) const = default;
};

// Which blocks of these tiles are carried, and the first bits of their groups' hashes.
struct AskGroups {
  std::uint32_t disk = 0;
  std::vector<std::uint64_t> tiles;  // ascending
  std::uint32_t check_bits = 0;

  bool operator==(const AskGroups&) const = default;
};

struct Groups {
  BlockSet blocks;    // tiles without a carried block are left out
  PackedBits checks;  // check_bits for each group with a block, in order

  bool operator==(const Groups&) const = default;
};

// Bits of ids: of those blocks of the set that are carried, in order.
struct AskIds {
  std::uint32_t disk = 0;
  BlockSet blocks;
  std::uint32_t first_bit = 0;
  std::uint32_t bits = 0;

  bool operator==(const AskIds&) const = default;
};

struct Ids {
  PackedBits bits;

  bool operator==(const Ids&) const = default;
};

// Whether these blocks have the ids that the destination believes: a hash over them for each tile, or for each group.
struct AskChecks {
  std::uint32_t disk = 0;
  BlockSet blocks;
  bool by_group = false;

  bool operator==(const AskChecks&) const = default;
};

struct Checks {
  PackedBits checks;

  bool operator==(const Checks&) const = default;
};

// The source ends the exchange and says why.
struct Refusal {
  base::ErrorKind kind = base::ErrorKind::peer;
  std::string cause;

  bool operator==(const Refusal&) const = default;
};

// Before everything else: which machine is meant, and what it is made of.
struct AskMachine {
  std::string subject;     // a domain or an image, as the source's node calls it
  std::string format;      // of an image; empty where nothing needs to tell it
  bool bit_exact = false;  // nothing of it is elided
  bool media = false;      // what lies in its CD-ROM drives, and its seeds, count among its disks

  bool operator==(const AskMachine&) const = default;
};

struct Machine {
  std::string description;  // as JSON, docs/description.md; without the packages
  std::int64_t as_of = 0;   // when its disks were so, seconds since 1970
  // The variables of its firmware as a zstd frame, and how many bytes they are; empty where it has none.
  base::Bytes firmware = {};
  std::uint64_t firmware_bytes = 0;
  // Of a machine that runs, how its disks are as of one instant, as a sentence; empty of others.
  std::string consistency = {};
  bool frozen = false;  // its filesystems were, for the instant
  std::uint32_t packages = 0;  // how many AskPackages would tell of; a node that does not know that tells of none

  bool operator==(const Machine&) const = default;
};

// How small some blocks of a disk become, by which the cost of the wire is forecast.
struct AskSizes {
  std::uint32_t disk = 0;
  BlockSet blocks;
  // A block whose content comes up among so many non-zero blocks before it is a repeat, which costs a stream nothing.
  std::uint64_t remembered_blocks = 0;

  bool operator==(const AskSizes&) const = default;
};

// By zstd -3, of what could be read of those blocks without the repeats, and of a sample of the whole disk.
struct Sizes {
  base::ByteCount bytes;
  base::ByteCount compressed;
  base::ByteCount disk_bytes;
  base::ByteCount disk_compressed;
  base::ByteCount repeated = {};

  bool operator==(const Sizes&) const = default;
};

inline constexpr std::uint32_t kWindowBitsMin = 20;
inline constexpr std::uint32_t kWindowBitsMax = 27;

// Before blocks are asked for: how fast the link is, how long a window the destination has room for, and blocks that
// both sides hold, by which the stream of blocks is compressed. Asked several times, the blocks of all count, in this
// order; asked later, a new stream begins.
struct AskStream {
  std::uint64_t bytes_per_second = 0;  // 0: nobody knows
  std::uint32_t window_bits = kWindowBitsMax;
  std::uint32_t disk = 0;
  BlockSet blocks;

  bool operator==(const AskStream&) const = default;
};

struct Stream {
  base::ByteCount history;  // of all that was told so far

  bool operator==(const Stream&) const = default;
};

// The content of those blocks of the set that are carried, in order; at most kBlocksMax.
struct AskBlocks {
  std::uint32_t disk = 0;
  BlockSet blocks;
  // For each tile the signature of what the destination holds in place of these blocks, one behind another, or nothing;
  // empty: of no tile.
  std::vector<base::Bytes> former = {};

  bool operator==(const AskBlocks&) const = default;
};

// A piece of the stream of all blocks of the conversation, which ends where these blocks end.
struct Blocks {
  bool fresh = false;  // a new stream begins, with the history if that was not used yet
  base::Bytes piece;
  // For each tile the bytes of the delta that the stream has in place of its blocks; 0: the blocks. Empty: all are blocks.
  std::vector<std::uint32_t> deltas = {};

  bool operator==(const Blocks&) const = default;
};

// For how fast the link is: an answer of about so many bytes that cannot be made smaller.
struct AskProbe {
  std::uint32_t bytes = 0;

  bool operator==(const AskProbe&) const = default;
};

struct Probe {
  base::Bytes filler;
  std::uint64_t bytes_per_second = 0;  // at which the source has seen it take what was waiting; 0: it cannot tell

  bool operator==(const Probe&) const = default;
};

// ---- A source that dials: it begins, and from Receiving on the destination asks as if it had dialled.

// What the source wishes to become of its machine.
struct AskReceive {
  std::string subject;
  std::string format;  // of an image; empty where nothing needs to tell it
  bool bit_exact = false;
  std::string to;             // a path there; empty: as that node has it
  std::string target_format;  // empty: as the name says
  std::string name;           // that the machine gets there; empty: the one it has
  std::string realm;          // of what is there
  bool define = false;
  bool start = false;
  bool same_machine = false;
  std::uint64_t bytes_per_second = 0;  // of the link; 0: nobody has said

  bool operator==(const AskReceive&) const = default;
};

struct Receiving {
  std::string job;  // at the destination
  bool resumed = false;

  bool operator==(const Receiving&) const = default;
};

// How it goes there: a stage with how far it is, or a note.
struct Status {
  std::string stage;
  std::uint64_t done = 0;
  std::uint64_t total = 0;
  std::string note;

  bool operator==(const Status&) const = default;
};

// From the destination: no more questions about the machine as it is held now; another conversation may follow. From
// the source: it has answered all that it will, and holds the machine no more.
struct Over {
  bool operator==(const Over&) const = default;
};

// The end of it, with the summary as JSON (docs/teleport.md).
struct Finished {
  std::string summary;

  bool operator==(const Finished&) const = default;
};

// ---- What files tell: in which order blocks are best sent, and archives that can be taken apart.

// To which files these blocks belong.
struct AskOrder {
  std::uint32_t disk = 0;
  BlockSet blocks;

  bool operator==(const AskOrder&) const = default;
};

// For each tile of the set, in order, a number of the file that most of its blocks belong to: the lower, the earlier
// its blocks are best sent. A hint.
struct Order {
  std::vector<std::uint32_t> files;

  bool operator==(const Order&) const = default;
};

// Which of a disk's files hold, in compressed form, what the destination may have.
struct AskArchives {
  std::uint32_t disk = 0;

  bool operator==(const AskArchives&) const = default;
};

struct ArchiveFacts {
  std::string path;  // for people
  base::ByteCount size;
  std::vector<model::BlockId> sample;  // ids of some of its blocks, by which the destination knows whether it has it

  bool operator==(const ArchiveFacts&) const = default;
};

struct Archives {
  std::vector<ArchiveFacts> archives;

  bool operator==(const Archives&) const = default;
};

// Takes an archive apart, by its position among those that were told.
struct AskUnpacked {
  std::uint32_t disk = 0;
  std::uint32_t archive = 0;

  bool operator==(const AskUnpacked&) const = default;
};

// What is in it, as one more disk of this conversation: numbered behind all others, until the machine is asked for
// anew.
struct Unpacked {
  bool known = false;   // else it is no archive that can be made again, and there is no disk
  std::string cause;    // then why not
  std::string encoder;  // that makes it again
  std::string version;  // of that, at the source
  std::uint32_t disk = 0;
  DiskFacts facts;

  bool operator==(const Unpacked&) const = default;
};

// What is installed in the machine. Asked by who knows a package mirror.
struct AskPackages {
  bool operator==(const AskPackages&) const = default;
};

// A line "name version architecture" for each, as a zstd frame, and how many bytes they are.
struct Packages {
  base::Bytes list;
  std::uint64_t bytes = 0;

  bool operator==(const Packages&) const = default;
};

using Body = std::variant<Hello, Welcome, AskSamples, Samples, AskNodes, Nodes, AskGroups, Groups, AskIds, Ids,
                          AskChecks, Checks, Refusal, AskMachine, Machine, AskSizes, Sizes, AskStream, Stream,
                          AskBlocks, Blocks, AskProbe, Probe, AskReceive, Receiving, Status, Over, Finished, AskOrder,
                          Order, AskArchives, Archives, AskUnpacked, Unpacked, AskPackages, Packages>;

// One message. The destination numbers its questions from 1 on; an answer has its question's number.
struct Message {
  std::uint32_t number = 0;
  Body body;

  bool operator==(const Message&) const = default;
};

}  // namespace jaunt::transport
