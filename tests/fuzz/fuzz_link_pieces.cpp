// Everything that a paired node may say on a link, its bytes cut into portions by the first one.
#include <algorithm>

#include "expect.hpp"
#include "transport/link_talk.hpp"

using namespace jaunt;
using namespace jaunt::transport;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0)
    return 0;
  const std::size_t portion = data[0] + std::size_t{1};
  base::ByteView rest = fuzz::input(data, size).subspan(1);
  const Moment now{};
  const auto state = std::make_shared<LinkState>("peer", base::CancelToken());
  LinkTalk talk(
      state, LinkId{}, nullptr, {}, [] { return std::optional<base::ByteCount>(); }, now);
  PieceReader reader;
  std::uint64_t received = 0;
  try {
    while (!rest.empty()) {
      const auto length = std::min(portion, rest.size());
      reader.add(rest.first(length));
      rest = rest.subspan(length);
      while (const auto piece = reader.next()) {
        if (piece->kind == PieceKind::refusal)
          return 0;  // whatever kind of error the other side names
        talk.heard(*piece, now);
        base::Bytes answer;
        talk.say(answer, now);
        fuzz::require(answer.size() <= 256, "nothing is said at length to who only asks");
      }
    }
  } catch (const base::Error& failure) {
    fuzz::expect_only_refusals([&] { throw base::Error(failure); });
  }
  state->lost(base::Error(base::ErrorKind::peer, "end", "the input", "it is over"));
  try {
    while (const auto frame = state->receive())
      received += frame->size();
  } catch (const base::Error&) {
  }
  fuzz::require(received <= size, "no more comes out than went in");
  return 0;
}
