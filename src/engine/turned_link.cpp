#include "engine/turned_link.hpp"

#include <utility>

#include "base/error.hpp"
#include "base/text.hpp"
#include "transport/message_codec.hpp"

namespace jaunt::engine {

namespace tp = transport;

AskingEnd::AskingEnd(tp::Link& link, std::function<void()> check) : link_(link), check_(std::move(check)) {}

void AskingEnd::send(base::Bytes frame) {
  check_();
  const std::scoped_lock lock(mutex_);
  link_.send(std::move(frame));
}

void AskingEnd::say(const tp::Body& body) {
  base::Bytes frame = tp::encode({.number = 0, .body = body});
  const std::scoped_lock lock(mutex_);
  link_.send(std::move(frame));
}

tp::Traffic AskingEnd::sent() const {
  const tp::Traffic all = link_.sent();
  return {.frames = all.frames - sent_before_.frames, .bytes = all.bytes - sent_before_.bytes};
}

tp::Traffic AskingEnd::received() const {
  const tp::Traffic all = link_.received();
  return {.frames = all.frames - received_before_.frames, .bytes = all.bytes - received_before_.bytes};
}

void AskingEnd::end_conversation() noexcept {
  try {
    say(tp::Over{});
    while (const auto frame = link_.receive())
      if (std::holds_alternative<tp::Over>(tp::decode(*frame).body))
        break;
  } catch (...) {
  }
  sent_before_ = link_.sent();
  received_before_ = link_.received();
}

std::optional<base::Bytes> AnsweringEnd::receive() {
  if (question_)
    return std::exchange(question_, std::nullopt);
  while (!ended_) {
    auto frame = link_.receive();
    if (!frame)
      break;
    tp::Message message = tp::decode(*frame);
    if (std::holds_alternative<tp::Over>(message.body))
      return std::nullopt;
    if (const auto* status = std::get_if<tp::Status>(&message.body)) {
      tell(*status);
    } else if (auto* finished = std::get_if<tp::Finished>(&message.body)) {
      finished_ = std::move(*finished);
      break;
    } else if (auto* refusal = std::get_if<tp::Refusal>(&message.body)) {
      refusal_ = std::move(*refusal);
      break;
    } else {
      return frame;
    }
  }
  ended_ = true;
  return std::nullopt;
}

bool AnsweringEnd::next_conversation() {
  while (!ended_ && !question_)
    question_ = receive();  // an end of what has not begun says nothing
  return !ended_;
}

void AnsweringEnd::tell(const tp::Status& status) {
  const std::string stage = base::printable(status.stage);
  if (!status.note.empty())
    return progress_.note(base::printable(status.note));
  if (stage != stage_ || status.done < done_) {
    progress_.stage(stage, base::ByteCount(status.total));
    stage_ = stage;
    done_ = 0;
  }
  progress_.advance(base::ByteCount(status.done - done_));
  done_ = status.done;
}

}  // namespace jaunt::engine
