#include "sync/exchange.hpp"

#include <utility>

#include "transport/message_codec.hpp"

namespace jaunt::sync {

namespace {

// A message as the other side gets it.
transport::Message carry(const transport::Message& message, base::ByteCount& counted, Traffic& traffic) {
  const base::Bytes bytes = transport::encode(message);
  counted += base::ByteCount(bytes.size());
  ++traffic.messages;
  return transport::decode(bytes);
}

}  // namespace

void converse(DestinationSide& destination, SourceSide& source, DestinationSide::Messages questions,
              Traffic& traffic) {
  while (!questions.empty()) {
    ++traffic.round_trips;
    DestinationSide::Messages next;
    for (const transport::Message& question : questions) {
      const transport::Message answer = source.answer(carry(question, traffic.asked, traffic));
      for (transport::Message& further : destination.receive(carry(answer, traffic.answered, traffic)))
        next.push_back(std::move(further));
    }
    questions = std::move(next);
  }
}

}  // namespace jaunt::sync
