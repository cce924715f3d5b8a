// The two ends of a link that the source has dialled: the destination asks over it as if it had.
#pragma once

#include <functional>
#include <mutex>
#include <optional>
#include <string>

#include "base/progress.hpp"
#include "transport/link.hpp"
#include "transport/messages.hpp"

namespace jaunt::engine {

// The destination's end. It lives as long as the link, over several conversations. Sending is for any thread,
// receiving for one. The link outlives it.
class AskingEnd : public transport::Link {
 public:
  // `check` throws why nothing more shall be asked.
  AskingEnd(transport::Link& link, std::function<void()> check);

  const std::string& peer() const override { return link_.peer(); }
  void send(base::Bytes frame) override;
  void say(const transport::Body& body);
  std::optional<base::Bytes> receive() override { return link_.receive(); }
  void close() override { link_.close(); }
  // Of this conversation.
  transport::Traffic sent() const override;
  transport::Traffic received() const override;
  transport::Measured measured() const override { return link_.measured(); }
  void tell_at_work() override { link_.tell_at_work(); }

  // Ends a conversation: the source holds the machine no more. What it still had to say of it is dropped. A link that
  // is lost shows when it is used next.
  void end_conversation() noexcept;

 private:
  transport::Link& link_;
  const std::function<void()> check_;
  std::mutex mutex_;
  transport::Traffic sent_before_;
  transport::Traffic received_before_;
};

// The source's end, as serve_machine() takes it: receive() gives questions alone, and nullopt where a conversation
// ends. Receiving is for one thread. The link and `progress` outlive it.
class AnsweringEnd : public transport::Link {
 public:
  AnsweringEnd(transport::Link& link, base::Progress& progress) : link_(link), progress_(progress) {}

  const std::string& peer() const override { return link_.peer(); }
  void send(base::Bytes frame) override { link_.send(std::move(frame)); }
  std::optional<base::Bytes> receive() override;
  void close() override {}
  transport::Traffic sent() const override { return link_.sent(); }
  transport::Traffic received() const override { return link_.received(); }
  transport::Measured measured() const override { return link_.measured(); }
  void give_up_when_idle(std::chrono::milliseconds longest) override { link_.give_up_when_idle(longest); }

  // Waits for the next conversation; false when the destination has said all it will.
  bool next_conversation();
  // What it said at last.
  const std::optional<transport::Finished>& finished() const { return finished_; }
  const std::optional<transport::Refusal>& refusal() const { return refusal_; }

 private:
  void tell(const transport::Status& status);

  transport::Link& link_;
  base::Progress& progress_;
  std::optional<base::Bytes> question_;  // with which the next conversation begins
  bool ended_ = false;                   // the link
  std::optional<transport::Finished> finished_;
  std::optional<transport::Refusal> refusal_;
  std::string stage_;
  std::uint64_t done_ = 0;
};

}  // namespace jaunt::engine
