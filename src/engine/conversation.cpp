#include "engine/conversation.hpp"

#include <utility>

#include "base/text.hpp"
#include "transport/message_codec.hpp"

namespace jaunt::engine {

using base::Error;
using base::ErrorKind;

void Conversation::send(const transport::Message& message) {
  link_.send(transport::encode(message));
}

transport::Message Conversation::receive() {
  auto frame = link_.receive();
  if (!frame)
    throw Error(ErrorKind::peer, "hear from", link_.peer(), "it ended the conversation");
  transport::Message message = transport::decode(*frame);
  if (const auto* refusal = std::get_if<transport::Refusal>(&message.body))
    throw Error(refusal->kind, "work with", link_.peer(), base::printable(refusal->cause));
  return message;
}

template <typename Answer>
Answer Conversation::ask(transport::Body question) {
  send({.number = 0, .body = std::move(question)});
  ++round_trips_;
  transport::Message message = receive();
  if (auto* answer = std::get_if<Answer>(&message.body))
    return std::move(*answer);
  throw Error(ErrorKind::corrupt, "hear from", link_.peer(), "its answer is to another question");
}

void Conversation::converse(sync::DestinationSide::Messages questions) {
  while (!questions.empty()) {
    for (const transport::Message& question : questions)
      send(question);
    ++round_trips_;
    sync::DestinationSide::Messages next;
    for (std::size_t i = questions.size(); i > 0; --i)
      for (transport::Message& further : side_.receive(receive()))
        next.push_back(std::move(further));
    questions = std::move(next);
  }
}

transport::Machine Conversation::machine(const transport::AskMachine& question) {
  if (question.subject.size() > transport::kSubjectBytesMax || question.format.size() > transport::kNameBytesMax)
    throw Error(ErrorKind::usage, "plan", base::printable(question.subject.substr(0, 80)), "its name is too long");
  return ask<transport::Machine>(question);
}

transport::Packages Conversation::packages() {
  return ask<transport::Packages>(transport::AskPackages{});
}

std::span<const transport::DiskFacts> Conversation::disks() {
  if (!std::exchange(greeted_, true)) {
    converse(side_.hello());
    own_disks_ = side_.disks().size();
  }
  return std::span(side_.disks()).first(own_disks_);
}

const transport::DiskFacts& Conversation::facts(std::uint32_t disk) {
  disks();
  return side_.disks().at(disk);
}

const match::Samples& Conversation::samples(std::uint32_t disk) {
  if (sampled_.insert(disk).second)
    converse(side_.ask_samples(disk));
  return side_.samples(disk);
}

void Conversation::compare(std::uint32_t disk, const sync::Local& local, sync::Findings findings) {
  converse(side_.compare(disk, local, std::move(findings)));
  base::invariant(side_.idle(), "a comparison ends when every question is answered");
}

transport::Sizes Conversation::sizes(transport::AskSizes question) {
  return ask<transport::Sizes>(std::move(question));
}

std::vector<std::uint32_t> Conversation::order(transport::AskOrder question) {
  const std::size_t tiles = question.blocks.size();
  if (!side_.has_feature(transport::kFeatureOrder))
    return std::vector<std::uint32_t>(tiles);
  std::vector<std::uint32_t> files = ask<transport::Order>(std::move(question)).files;
  if (files.size() != tiles)
    throw Error(ErrorKind::corrupt, "hear from", link_.peer(), "it does not tell of each tile to which file it belongs");
  return files;
}

transport::Archives Conversation::archives(std::uint32_t disk) {
  disks();  // which also tells what the source can do
  return side_.has_feature(transport::kFeatureArchives) ? ask<transport::Archives>(transport::AskArchives{disk})
                                                        : transport::Archives();
}

transport::Unpacked Conversation::unpacked(std::uint32_t disk, std::uint32_t archive) {
  auto unpacked = ask<transport::Unpacked>(transport::AskUnpacked{disk, archive});
  if (unpacked.known)
    side_.add_disk(unpacked.disk, unpacked.facts);
  return unpacked;
}

std::vector<std::chrono::duration<double>> Conversation::probe(std::size_t answers, std::uint32_t bytes) {
  for (std::size_t i = 0; i < answers; ++i)
    send({.number = 0, .body = transport::AskProbe{bytes}});
  ++round_trips_;
  std::vector<std::chrono::duration<double>> arrivals;
  while (arrivals.size() < answers) {
    const transport::Message message = receive();
    if (!std::holds_alternative<transport::Probe>(message.body))
      throw Error(ErrorKind::corrupt, "hear from", link_.peer(), "its answer is to another question");
    arrivals.emplace_back(std::chrono::steady_clock::now().time_since_epoch());
  }
  return arrivals;
}

base::ByteCount Conversation::seen_rate() {
  return base::ByteCount(ask<transport::Probe>(transport::AskProbe{}).bytes_per_second);
}

void Conversation::begin_stream(transport::AskStream question) {
  ask<transport::Stream>(std::move(question));
}

void Conversation::fetch(sync::BlockAsker& asker, const std::function<bool()>& more) {
  while (true) {
    for (const transport::Message& question : asker.ask())
      send(question);
    if (!asker.idle())
      asker.receive(receive());
    else if (!more())
      return;
  }
}

}  // namespace jaunt::engine
