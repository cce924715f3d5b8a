#include "engine/machine_answers.hpp"

#include <random>
#include <utility>

#include <fmt/format.h>

#include "base/text.hpp"
#include "codec/zstd_frame.hpp"
#include "codec/zstd_stream.hpp"
#include "engine/guest_files.hpp"
#include "engine/package_list.hpp"
#include "engine/settled_file.hpp"
#include "model/description_json.hpp"

namespace jaunt::engine {

using base::Error;
using base::ErrorKind;
namespace tp = transport;

namespace {

constexpr std::size_t kHistoryBlocksMax = codec::kHistoryBytesMax / model::kBlockBytes;

// Kilobytes: what the other node judges by, without the lists that only people read.
std::string told(model::Description description) {
  for (model::OperatingSystem& system : description.systems) {
    system.packages.clear();
    system.user_data.clear();
  }
  std::string text = model::to_json(description);
  if (text.size() > tp::kDescriptionBytesMax)
    throw Error(ErrorKind::limit, "describe", description.subject,
                fmt::format("its description is longer than {}",
                            base::human_bytes(base::ByteCount(tp::kDescriptionBytesMax))));
  return text;
}

// A machine that never ran has no variables yet. QEMU writes to those of one that runs, in several steps for a
// change.
void add_firmware(const model::Description& description, tp::Machine& machine) {
  if (!description.hardware || description.hardware->firmware.nvram.empty())
    return;
  const std::filesystem::path path = description.hardware->firmware.nvram;
  std::error_code unreadable;
  if (!std::filesystem::exists(path, unreadable))
    return;
  const std::string variables = read_settled(path, base::ByteCount(tp::kFirmwareBytesMax));
  if (!codec::FrameCompressor(19).append_frame(base::as_bytes(variables), tp::kFirmwarePieceMax, machine.firmware))
    throw Error(ErrorKind::limit, "carry", path.string(),
                fmt::format("the variables of its firmware are more than {} when compressed",
                            base::human_bytes(base::ByteCount(tp::kFirmwarePieceMax))));
  machine.firmware_bytes = variables.size();
}

base::Bytes noise(std::size_t bytes) {
  static thread_local std::mt19937_64 random{std::random_device{}()};
  base::Bytes filler(bytes);
  for (std::byte& one : filler)
    one = static_cast<std::byte>(random());
  return filler;
}

tp::Unpacked not_unpacked(const std::string& why) {
  tp::Unpacked answer;
  answer.cause = why.substr(0, tp::kCauseBytesMax);
  return answer;
}

}  // namespace

Answer MachineAnswers::answer(const tp::Message& question) {
  if (const auto* ask = std::get_if<tp::AskMachine>(&question.body))
    return {question.number, machine(*ask)};
  if (const auto* ask = std::get_if<tp::AskProbe>(&question.body))
    return {question.number, tp::Probe{.filler = noise(ask->bytes)}};
  if (!side_)
    throw Error(ErrorKind::corrupt, "answer", asker_, "it asked for blocks before it named a machine");
  if (std::holds_alternative<tp::AskPackages>(question.body))
    return {question.number, told_packages(described_->description)};
  if (const auto* ask = std::get_if<tp::AskSizes>(&question.body))
    return {question.number, sizes(*ask)};
  if (const auto* ask = std::get_if<tp::AskOrder>(&question.body))
    return {question.number, order(*ask)};
  if (const auto* ask = std::get_if<tp::AskArchives>(&question.body))
    return {question.number, archives(*ask)};
  if (const auto* ask = std::get_if<tp::AskUnpacked>(&question.body))
    return {question.number, unpacked(*ask)};
  if (std::holds_alternative<tp::AskStream>(question.body))
    size_stream_.reset();  // the real one needs the room
  if (const auto* ask = std::get_if<tp::AskStream>(&question.body))
    return {question.number, StreamBegin{ask->bytes_per_second, ask->window_bits,
                                         blocks_of(ask->disk, ask->blocks, kHistoryBlocksMax)}};
  if (const auto* ask = std::get_if<tp::AskBlocks>(&question.body))
    return {question.number, sync::with_deltas(*ask, blocks_of(ask->disk, ask->blocks, tp::kBlocksMax))};
  return {question.number, side_->answer(question).body};
}

tp::Machine MachineAnswers::machine(const tp::AskMachine& ask) {
  side_.reset();
  size_stream_.reset();
  orders_.clear();
  open_.clear();
  offered_.clear();
  archives_.reset();
  described_.reset();
  described_ = describe(ask.subject,
                        {.format = ask.format.empty() ? std::nullopt : std::optional(ask.format),
                         .with_trees = true,
                         .hold = true,
                         .media = ask.media},
                        workplace_);
  for (const ReadDisk& disk : described_->disks)
    offered_.push_back({.target = described_->description.disks[disk.index].target,
                        .tree = disk.tree.get(),
                        .elided = ask.bit_exact ? model::ExtentSet() : disk.elided});
  open_.resize(offered_.size());
  side_.emplace(offered_);
  archives_.emplace(described_->files, workplace_);
  tp::Machine told_machine{.description = told(described_->description), .as_of = described_->as_of};
  if (const auto& instant = described_->instant) {
    told_machine.consistency = instant->consistency.substr(0, tp::kCauseBytesMax);
    told_machine.frozen = instant->frozen;
  }
  told_machine.packages = count_packages(described_->description);
  add_firmware(described_->description, told_machine);
  return told_machine;
}

tp::Sizes MachineAnswers::sizes(const tp::AskSizes& ask) {
  if (!size_stream_)
    size_stream_.emplace();
  return size_stream_->add(described_->disks[checked(ask.disk)], ask, workplace_.cancel);
}

tp::Order MachineAnswers::order(const tp::AskOrder& ask) {
  orders_.resize(offered_.size());
  sync::FileOrder& known = orders_[checked(ask.disk)];
  if (known.stretches().empty() && described_->files) {
    const auto& stretches = described_->files->stretches;
    if (const auto own = stretches.find(described_->disks[ask.disk].index); own != stretches.end())
      known = sync::FileOrder(own->second);
  }
  tp::Order answer;
  for (const tp::TileBlocks& tile : ask.blocks)
    answer.files.push_back(known.file_of(tile));
  return answer;
}

tp::Archives MachineAnswers::archives(const tp::AskArchives& ask) {
  const ReadDisk& disk = described_->disks[checked(ask.disk)];
  return archives_->told(disk.index, *disk.tree);
}

// Its content becomes one more disk, which is offered, read and proved as any other.
tp::Unpacked MachineAnswers::unpacked(const tp::AskUnpacked& ask) {
  if (offered_.size() >= tp::kDisksMax + tp::kArchivesMax)
    return not_unpacked("there are too many disks already");
  auto opened = archives_->open(described_->disks[checked(ask.disk)].index, ask.archive, image(ask.disk));
  check_held();
  if (const auto* const no = std::get_if<codec::NotUnpacked>(&opened))
    return not_unpacked(no->why);
  auto& archive = std::get<OfferedArchives::Opened>(opened);
  const auto number = static_cast<std::uint32_t>(offered_.size());
  offered_.push_back(
      {.target = archive.path.substr(0, tp::kNameBytesMax), .tree = archive.content.tree.get(), .elided = {}});
  described_->disks.push_back(std::move(archive.content));
  open_.emplace_back();
  return {.known = true,
          .cause = {},
          .encoder = archive.archive.encoder,
          .version = archive.archive.version,
          .disk = number,
          .facts = side_->add(offered_.back())};
}

std::size_t MachineAnswers::checked(std::uint32_t disk) const {
  if (disk >= offered_.size())
    throw Error(ErrorKind::corrupt, "answer", asker_, "it asked about a disk that does not exist");
  return disk;
}

base::Bytes MachineAnswers::blocks_of(std::uint32_t disk, const tp::BlockSet& blocks, std::size_t blocks_max) {
  try {
    base::Bytes content = reader(disk).read(blocks, blocks_max);
    check_held();
    return content;
  } catch (const Error&) {
    check_held();  // why they could not be read
    throw;
  }
}

void MachineAnswers::check_held() const {
  if (described_->held)
    described_->held->check();
}

sync::BlockReader& MachineAnswers::reader(std::uint32_t disk) {
  OpenDisk& open = open_[checked(disk)];
  if (!open.reader)
    open.reader = std::make_unique<sync::BlockReader>(offered_[disk], image(disk));
  return *open.reader;
}

const disk::Image& MachineAnswers::image(std::uint32_t disk) {
  OpenDisk& open = open_[checked(disk)];
  if (!open.image)
    open.image = open_disk(described_->disks[disk]);
  return *open.image;
}

}  // namespace jaunt::engine
