#include "engine/machine_server.hpp"

#include <chrono>
#include <exception>
#include <mutex>
#include <thread>
#include <utility>

#include "base/named_point.hpp"
#include "engine/bounded_queue.hpp"
#include "engine/machine_answers.hpp"
#include "sync/block_stream.hpp"
#include "transport/message_codec.hpp"
#include "transport/refusal.hpp"

namespace jaunt::engine {

using base::Error;
namespace tp = transport;

namespace {

constexpr std::size_t kQuestionBytesMax = 8 * base::kMiB;
constexpr std::size_t kAnswerBytesMax = 4 * base::kMiB;

std::size_t weight_of(const Answer& answer) {
  if (const auto* blocks = std::get_if<sync::PieceContent>(&answer.content))
    return blocks->bytes.size();
  if (const auto* begin = std::get_if<StreamBegin>(&answer.content))
    return begin->history.size();
  return tp::kMessageBytesMax / 8;
}

// Whatever it is, the other node is told: it waits for an answer.
tp::Refusal refusal_of(const std::exception& failure) {
  const auto* const known = dynamic_cast<const Error*>(&failure);
  return tp::refusal_of(known != nullptr ? *known
                                         : Error(base::ErrorKind::io, "answer", "the other node", failure.what()));
}

// Three threads in a row: the caller's receives, the second reads and hashes, the third compresses and sends.
class Server {
 public:
  Server(tp::Link& link, const Workplace& workplace, const Admit& admit)
      : link_(link),
        workplace_(workplace),
        admit_(admit),
        answering_{.home = workplace.home,
                   .config = workplace.config,
                   .progress = workplace.progress,
                   .cancel = nobody_listens_} {}

  void run() {
    std::thread answering([this] {
      guarded([this] { answer_all(); });
      questions_.close();
      answers_.close();
    });
    std::thread sending([this] {
      guarded([this] { send_all(); });
      answers_.close();
    });
    guarded([this] { receive_all(); });
    nobody_listens_.cancel();
    questions_.close();
    answering.join();
    sending.join();
    if (failure_)
      std::rethrow_exception(failure_);
  }

 private:
  // The first failure is the one that counts: the others follow from it. A stage that ends, ends those before it by
  // taking nothing more, and those after it by giving nothing more.
  template <typename Work>
  void guarded(const Work& work) {
    try {
      work();
    } catch (const base::Cancelled&) {
      const std::scoped_lock lock(mutex_);
      if (!failure_ && !nobody_listens_.cancelled())
        failure_ = std::current_exception();
    } catch (...) {
      const std::scoped_lock lock(mutex_);
      if (!failure_)
        failure_ = std::current_exception();
    }
  }

  // After a refusal it goes on until the other node has closed, so that the refusal arrives.
  void receive_all() {
    while (auto frame = link_.receive()) {
      const std::size_t weight = frame->size();
      questions_.put(tp::decode(*frame), weight);
    }
  }

  void answer_all() {
    MachineAnswers answers("the destination", answering_);
    while (const auto question = questions_.take()) {
      try {
        admit_(question->body);
        Answer answer = answers.answer(*question);
        if (answers.holds_instant())
          link_.give_up_when_idle(workplace_.config.scratch_patience);
        const std::size_t weight = weight_of(answer);
        answers_.put(std::move(answer), weight);
      } catch (const std::exception& failure) {
        answers_.put({question->number, refusal_of(failure)}, 0);
        throw;
      }
    }
  }

  void send_all() {
    sync::BlockStreamWriter stream;
    while (const auto answer = answers_.take()) {
      try {
        send(stream, *answer);
      } catch (const std::exception& failure) {
        link_.send(tp::encode({answer->number, refusal_of(failure)}));  // unless it is the link that failed
        throw;
      }
      base::named_point("answer sent");
    }
  }

  void send(sync::BlockStreamWriter& stream, const Answer& answer) {
    if (const auto* body = std::get_if<tp::Body>(&answer.content)) {
      send({answer.number, *body});
    } else if (const auto* begin = std::get_if<StreamBegin>(&answer.content)) {
      link_.send(
          tp::encode({answer.number, stream.begin(begin->bytes_per_second, begin->window_bits, begin->history)}));
    } else {
      base::Bytes frame = tp::encode({answer.number, stream.write(std::get<sync::PieceContent>(answer.content))});
      const auto start = std::chrono::steady_clock::now();
      link_.send(std::move(frame));
      stream.sent(std::chrono::steady_clock::now() - start, link_.measured().sending);
    }
  }

  void send(tp::Message answer) {
    if (auto* probe = std::get_if<tp::Probe>(&answer.body))
      probe->bytes_per_second = link_.measured().sending.value_or(base::ByteCount{}).value;
    link_.send(tp::encode(answer));
  }

  tp::Link& link_;
  const Workplace& workplace_;
  const Admit& admit_;
  base::CancelToken nobody_listens_;  // what is being read for an answer is given up, and a machine's instant with it
  const Workplace answering_;
  BoundedQueue<tp::Message> questions_{kQuestionBytesMax};
  BoundedQueue<Answer> answers_{kAnswerBytesMax};
  std::mutex mutex_;
  std::exception_ptr failure_;
};

}  // namespace

void serve_machine(tp::Link& link, const Workplace& workplace, const Admit& admit) {
  Server(link, workplace, admit).run();
}

}  // namespace jaunt::engine
