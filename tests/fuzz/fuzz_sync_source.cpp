// sync::SourceSide asked by a hostile destination. The input is messages, each behind two bytes of length. Every one
// that can be decoded gets an answer that can be sent, and a refusal is the last that is said.
#include "conversation.hpp"
#include "transport/message_codec.hpp"

using namespace jaunt;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static const fuzz::Conversation conversation;
  sync::SourceSide source(conversation.offered());
  fuzz::Input input(fuzz::input(data, size));
  fuzz::expect_only_refusals([&] {
    while (!input.empty()) {
      const transport::Message question = transport::decode(input.take(input.number(2)));
      const bool refused = source.refused();
      const transport::Message answer = source.answer(question);
      fuzz::require(answer.number == question.number, "an answer has its question's number");
      fuzz::require(transport::decode(transport::encode(answer)) == answer, "an answer can be sent");
      const bool refusal = std::holds_alternative<transport::Refusal>(answer.body);
      fuzz::require(refusal == source.refused() && (refusal || !refused), "a refusal is the last word");
    }
  });
  return 0;
}
