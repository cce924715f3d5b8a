// What a node says of one machine: the answers to another node's questions, one after the other.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "disk/image.hpp"
#include "engine/describe_job.hpp"
#include "engine/offered_archives.hpp"
#include "engine/wire_sample.hpp"
#include "sync/block_deltas.hpp"
#include "sync/block_reader.hpp"
#include "sync/file_order.hpp"
#include "sync/source_side.hpp"
#include "transport/messages.hpp"

namespace jaunt::engine {

// A stream is to begin, with these blocks.
struct StreamBegin {
  std::uint64_t bytes_per_second = 0;
  unsigned window_bits = 0;
  base::Bytes history;
};

struct Answer {
  std::uint32_t number = 0;
  std::variant<transport::Body, sync::PieceContent, StreamBegin> content;
};

// One thread, that on which it is made. The workplace outlives it.
class MachineAnswers {
 public:
  // `asker` is for messages.
  MachineAnswers(std::string asker, const Workplace& workplace) : asker_(std::move(asker)), workplace_(workplace) {}

  // Throws what stands in the way.
  Answer answer(const transport::Message& question);

  // Whether a running machine's instant is kept for the one who asks.
  bool holds_instant() const { return described_ && described_->held && described_->instant; }

 private:
  // A disk whose blocks are asked for.
  struct OpenDisk {
    std::unique_ptr<disk::Image> image;
    std::unique_ptr<sync::BlockReader> reader;
  };

  transport::Machine machine(const transport::AskMachine& ask);
  transport::Sizes sizes(const transport::AskSizes& ask);
  transport::Order order(const transport::AskOrder& ask);
  transport::Archives archives(const transport::AskArchives& ask);
  transport::Unpacked unpacked(const transport::AskUnpacked& ask);
  const disk::Image& image(std::uint32_t disk);
  std::size_t checked(std::uint32_t disk) const;
  base::Bytes blocks_of(std::uint32_t disk, const transport::BlockSet& blocks, std::size_t blocks_max);
  void check_held() const;
  sync::BlockReader& reader(std::uint32_t disk);

  const std::string asker_;
  const Workplace& workplace_;
  std::optional<Described> described_;
  std::vector<sync::OfferedDisk> offered_;
  std::vector<OpenDisk> open_;
  std::optional<sync::SourceSide> side_;
  std::optional<SizeStream> size_stream_;
  std::optional<OfferedArchives> archives_;
  std::vector<sync::FileOrder> orders_;  // by disk; empty until one is asked for
};

}  // namespace jaunt::engine
