// sync::DestinationSide answered by a hostile source. The input says for each answer what becomes of it, by its first
// byte: 0 to 127, that many answers are honest; 128 to 191, so many of its bytes are changed, by two bytes of place
// and one of change; above, it is replaced by a message of the input, behind two bytes of length.
#include "conversation.hpp"
#include "transport/message_codec.hpp"

using namespace jaunt;

namespace {

transport::Message changed(fuzz::Input& input, std::size_t changes, const transport::Message& honest) {
  base::Bytes bytes = transport::encode(honest);
  for (; changes > 0 && !bytes.empty(); --changes) {
    const std::size_t at = input.number(2) % bytes.size();
    bytes[at] ^= std::byte(input.number(1));
  }
  return transport::decode(bytes);
}

void converse(const fuzz::Conversation& conversation, fuzz::Input& input) {
  sync::SourceSide source(conversation.offered());
  sync::DestinationSide destination;
  destination.receive(source.answer(destination.hello().at(0)));
  std::uint64_t told = 0;
  const auto tell = [&](const sync::Run& run) {
    fuzz::require(run.first.value == told && run.blocks != 0, "runs follow one another");
    told += run.blocks;
  };
  auto questions = destination.compare(0, conversation.trees.local(true), {tell, {}});
  std::size_t honest = 0;
  while (!questions.empty()) {
    sync::DestinationSide::Messages next;
    for (const auto& question : questions) {
      transport::Message answer = source.answer(question);
      const std::size_t what = honest == 0 && !input.empty() ? input.number(1) : 0;
      if (honest > 0)
        --honest;
      else if (what < 128)
        honest = what;
      else
        answer = what < 192 ? changed(input, what - 127, answer) : transport::decode(input.take(input.number(2)));
      for (auto& further : destination.receive(answer))
        next.push_back(std::move(further));
    }
    questions = std::move(next);
  }
  fuzz::require(told == model::block_count(conversation.trees.wanted->view().size()), "every block is told");
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static const fuzz::Conversation conversation;
  fuzz::Input input(fuzz::input(data, size));
  fuzz::expect_only_refusals([&] {
    try {
      converse(conversation, input);
    } catch (const base::Error& error) {
      // A source that contradicts itself or refuses is told so.
      if (error.kind() != base::ErrorKind::verify && error.kind() != base::ErrorKind::peer)
        throw;
    }
  });
  return 0;
}
