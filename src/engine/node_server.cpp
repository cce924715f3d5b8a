#include "engine/node_server.hpp"

#include <algorithm>
#include <atomic>
#include <list>
#include <optional>
#include <thread>
#include <utility>

#include <fmt/format.h>

#include "base/text.hpp"
#include "engine/grant_check.hpp"
#include "engine/machine_receiver.hpp"
#include "engine/machine_server.hpp"
#include "engine/pairing.hpp"
#include "identity/peers.hpp"
#include "transport/message_codec.hpp"
#include "transport/network.hpp"
#include "transport/refusal.hpp"

namespace jaunt::engine {

using base::Error;
using base::ErrorKind;

namespace {

constexpr std::string_view kServedRealm = "default";

// Answers the first question with a refusal, and throws why.
[[noreturn]] void refuse_all(transport::Link& link, const Error& why) {
  if (const auto question = link.receive())
    link.send(transport::encode({transport::decode(*question).number, transport::refusal_of(why)}));
  throw Error(why);
}

// A link of which the first frame was looked at.
class OpenedLink : public transport::Link {
 public:
  explicit OpenedLink(transport::Link& link) : link_(link), first_(link.receive()) {}

  const std::optional<base::Bytes>& first() const { return first_; }

  const std::string& peer() const override { return link_.peer(); }
  void send(base::Bytes frame) override { link_.send(std::move(frame)); }
  std::optional<base::Bytes> receive() override {
    return first_ ? std::exchange(first_, std::nullopt) : link_.receive();
  }
  void close() override { link_.close(); }
  transport::Traffic sent() const override { return link_.sent(); }
  transport::Traffic received() const override { return link_.received(); }
  transport::Measured measured() const override { return link_.measured(); }
  void give_up_when_idle(std::chrono::milliseconds longest) override { link_.give_up_when_idle(longest); }

 private:
  transport::Link& link_;
  std::optional<base::Bytes> first_;
};

class NodeServer {
 public:
  NodeServer(const ServeOptions& options, const Workplace& workplace)
      : options_(options),
        workplace_(workplace),
        key_(identity::NodeKey::load(workplace.home.path())),
        peers_(workplace.home.path()),
        inviting_(workplace.home, key_.public_key(), options.log) {}

  void run() {
    transport::Network network(
        key_, {.limit = workplace_.config.node_limit.timetable, .log = options_.log, .refused = options_.refused});
    const auto listener = network.listen(options_.addresses, admission(), workplace_.cancel);
    options_.listening(listener->addresses());
    try {
      for (;;)
        attend_to(listener->accept());
    } catch (const base::Cancelled&) {
      options_.log("no longer listening");
    }
    for (Session& session : sessions_)
      session.thread.join();
  }

 private:
  struct Session {
    std::thread thread;
    std::atomic<bool> over = false;
  };

  transport::Admission admission() {
    return {.name_of = [this](const identity::PublicKey& key) -> std::optional<std::string> {
              const auto peer = peers_.find(key);
              return peer ? std::optional(peer->name) : std::nullopt;
            },
            .invites = [this] { return inviting_.open(); },
            .redeem = [this](const auto& knows, const auto& them,
                             const std::string& host) { inviting_.redeem(knows, them, host); },
            .own_words = own_words(workplace_.config)};
  }

  void attend_to(transport::Visitor visitor) {
    sessions_.remove_if([](Session& session) {
      const bool over = session.over;
      if (over)
        session.thread.join();
      return over;
    });
    const bool full = sessions_.size() >= workplace_.config.node_sessions;
    Session& session = sessions_.emplace_back();
    session.thread = std::thread([this, &session, full, guest = std::move(visitor)]() mutable {
      converse(guest, full);
      guest.link.reset();
      session.over = true;
    });
  }

  void converse(transport::Visitor& visitor, bool full) {
    const std::string who = fmt::format("{} at {}", visitor.name, visitor.host);
    try {
      options_.log(fmt::format("{} has come", who));
      options_.welcomed();
      if (full)
        refuse_all(*visitor.link, Error(ErrorKind::busy, "serve", visitor.name,
                                        "that node has as many conversations as it may", "try again later"));
      attend(visitor, who);
      options_.log(fmt::format("{} has left; {} sent, {} received", who,
                               base::human_bytes(visitor.link->sent().bytes),
                               base::human_bytes(visitor.link->received().bytes)));
    } catch (const base::Cancelled&) {
      options_.log(fmt::format("{}: interrupted", who));
    } catch (const Error& failure) {
      if (failure.kind() == ErrorKind::auth)
        options_.refused();
      options_.log(fmt::format("{}: {}", who, base::printable(failure.what())));
    } catch (const std::exception& failure) {  // whatever it is, it ends this conversation and no other
      options_.log(fmt::format("{}: {}", who, base::printable(failure.what())));
    }
  }

  // Whoever dials says with the first word which of the two has a machine.
  void attend(transport::Visitor& visitor, const std::string& who) {
    OpenedLink link(*visitor.link);
    if (link.first()) {
      const transport::Message message = transport::decode(*link.first());
      if (const auto* ask = std::get_if<transport::AskReceive>(&message.body))
        return receive(visitor, *ask, who);
    }
    serve_machine(link, workplace_, [&](const transport::Body& question) {
      check_granted(question, peer_of(visitor).grants, kServedRealm, visitor.name);
    });
  }

  void receive(transport::Visitor& visitor, const transport::AskReceive& ask, const std::string& who) {
    struct Place {
      explicit Place(std::atomic<unsigned>& all) : taken(all), number(++all) {}
      ~Place() { --taken; }
      Place(const Place&) = delete;
      Place& operator=(const Place&) = delete;
      std::atomic<unsigned>& taken;
      const unsigned number;
    } const place(receiving_);
    if (place.number > workplace_.config.daemon_jobs) {
      const Error full(ErrorKind::busy, "receive", visitor.name,
                       "that node receives as many machines as it may (daemon.jobs)", "try again later");
      visitor.link->send(transport::encode({.number = 0, .body = transport::refusal_of(full)}));
      throw Error(full);
    }
    visitor.link->wait_for_answers();
    receive_machine(*visitor.link, ask, {.peer = [&] { return peer_of(visitor); }, .who = who, .log = options_.log},
                    workplace_);
  }

  // Grants and removals count at once, also in a conversation that is under way.
  identity::Peer peer_of(const transport::Visitor& visitor) const {
    auto peer = peers_.find(visitor.key);
    if (!peer)
      throw Error(ErrorKind::auth, "serve", visitor.name, "it is no longer paired");
    return std::move(*peer);
  }

  const ServeOptions& options_;
  const Workplace& workplace_;
  const identity::NodeKey key_;
  const identity::PeerBook peers_;
  Inviting inviting_;
  std::list<Session> sessions_;
  std::atomic<unsigned> receiving_ = 0;
};

}  // namespace

void serve(const ServeOptions& options, const Workplace& workplace) {
  clean_up_after_others(workplace);
  NodeServer(options, workplace).run();
}

}  // namespace jaunt::engine
