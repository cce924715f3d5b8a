// The side of a plan that wants the machine: asks the other node over a link.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <span>
#include <set>
#include <string>
#include <vector>

#include "match/samples.hpp"
#include "sync/block_asker.hpp"
#include "sync/destination_side.hpp"
#include "transport/link.hpp"
#include "transport/messages.hpp"

namespace jaunt::engine {

// Questions in the order of their declaration: first the machine, then anything about its disks. What the other node
// refuses is thrown with its reason. One thread, but for tell_at_work().
class Conversation {
 public:
  explicit Conversation(transport::Link& link) : link_(link) {}

  transport::Machine machine(const transport::AskMachine& question);
  // What is installed in it; only where it said that it can tell.
  transport::Packages packages();
  // Of the machine itself; archives that were taken apart come behind them.
  std::span<const transport::DiskFacts> disks();
  const transport::DiskFacts& facts(std::uint32_t disk);
  const match::Samples& samples(std::uint32_t disk);
  void compare(std::uint32_t disk, const sync::Local& local, sync::Findings findings);
  transport::Sizes sizes(transport::AskSizes question);
  // To which files blocks belong, see transport::Order; as if to none where the source does not tell.
  std::vector<std::uint32_t> order(transport::AskOrder question);
  // Whether the source makes deltas of what it is told was here.
  bool takes_former() const { return side_.has_feature(transport::kFeatureDeltas); }
  // Archives on a disk that may be taken apart, none where the source does not do that; and what is in one, which becomes a disk of its own.
  transport::Archives archives(std::uint32_t disk);
  transport::Unpacked unpacked(std::uint32_t disk, std::uint32_t archive);
  // When each of so many answers of so many bytes came, asked for at once.
  std::vector<std::chrono::duration<double>> probe(std::size_t answers, std::uint32_t bytes);
  // At which the source has seen the link take what was waiting, in a second; 0: it cannot tell.
  base::ByteCount seen_rate();
  // Begins a stream of blocks, by the link's speed and blocks that are here already; see transport::AskStream.
  void begin_stream(transport::AskStream ask);
  // Fetches what is wanted until more() says that nothing will be.
  void fetch(sync::BlockAsker& asker, const std::function<bool()>& more);

  // Tells the other node that this one gets on, though it asks nothing. Any thread.
  void tell_at_work() { link_.tell_at_work(); }

  // How often nothing could be done but wait for an answer.
  std::uint32_t round_trips() const { return round_trips_; }

 private:
  template <typename Answer>
  Answer ask(transport::Body question);
  void send(const transport::Message& message);
  transport::Message receive();
  void converse(sync::DestinationSide::Messages questions);

  transport::Link& link_;
  sync::DestinationSide side_;
  bool greeted_ = false;
  std::size_t own_disks_ = 0;
  std::set<std::uint32_t> sampled_;  // disks
  std::uint32_t round_trips_ = 0;
};

}  // namespace jaunt::engine
