#include "transport/network.hpp"

#include <condition_variable>
#include <mutex>
#include <thread>
#include <utility>

#include <asio/executor_work_guard.hpp>
#include <asio/ip/address.hpp>
#include <asio/post.hpp>
#include <fmt/format.h>

#include "transport/link_state.hpp"
#include "transport/link_talk.hpp"
#include "transport/listening.hpp"
#include "transport/network_core.hpp"
#include "transport/tcp_connection.hpp"

namespace jaunt::transport {

using namespace std::chrono_literals;
using asio::ip::tcp;
using base::Error;
using base::ErrorKind;

namespace {

constexpr auto kLookAtToken = 50ms;

// What another thread brings.
class Introduced {
 public:
  void set(const Acquaintance* them, const Error* why) {
    const std::scoped_lock lock(mutex_);
    if (them != nullptr)
      them_ = *them;
    else if (!them_ && !failure_)
      failure_.emplace(*why);
    changed_.notify_all();
  }
  Acquaintance wait(const base::CancelToken& cancel) {
    std::unique_lock lock(mutex_);
    while (!changed_.wait_for(lock, kLookAtToken, [&] { return them_ || failure_; }))
      cancel.check();
    if (!them_)
      throw Error(*failure_);
    return *them_;
  }

 private:
  std::mutex mutex_;
  std::condition_variable changed_;
  std::optional<Acquaintance> them_;
  std::optional<Error> failure_;
};

std::string whom(const Call& call) {
  const std::string address = to_text(call.address);
  return call.peer.empty() || call.peer == address ? address : fmt::format("{} at {}", call.peer, address);
}

// The error of a call as whoever made it understands it.
Error told(const Error& why, const Call& call) {
  const char* const remedy =
      why.kind() == ErrorKind::peer ? "check that `jaunt serve` runs there and that its port can be reached" : "";
  return Error(why.kind(), why.operation(), whom(call), why.cause(), why.remedy().empty() ? remedy : why.remedy());
}

Error ended(const Error* why) {
  return why != nullptr ? *why : Error(ErrorKind::peer, "talk to", "the other node", "it hung up");
}

// Tries the addresses of a host one after another. A refusal is more telling than a host that does not answer.
template <typename Try>
auto try_addresses(const Call& call, const base::CancelToken& cancel, const Try& attempt) {
  std::optional<Error> failure;
  for (const std::string& host : resolve(call.address, cancel)) {
    try {
      return attempt(tcp::endpoint(asio::ip::make_address(host), call.address.port));
    } catch (const Error& why) {
      if (!failure || failure->kind() == ErrorKind::peer)
        failure = why;
    }
  }
  throw told(*failure, call);
}

}  // namespace

struct Network::Thread {
  std::shared_ptr<NetworkCore> core;
  asio::executor_work_guard<asio::io_context::executor_type> work;
  std::thread thread;

  explicit Thread(std::shared_ptr<NetworkCore> shared)
      : core(std::move(shared)), work(asio::make_work_guard(core->io)), thread([this] { core->io.run(); }) {}

  // Dials and calls wait(), after whose failure the connection is given up.
  template <typename Wait>
  auto dial(const tcp::endpoint& to, TcpConnection::Ended ended, std::function<Conduit()> make, const Wait& wait) {
    const auto made = std::make_shared<std::weak_ptr<TcpConnection>>();  // only for the other thread
    asio::post(core->io, [shared = core, made, to, ended = std::move(ended), make = std::move(make)]() mutable {
      const auto connection = std::make_shared<TcpConnection>(shared, tcp::socket(shared->io), std::move(ended));
      *made = connection;
      connection->dial(to, std::move(make));
    });
    struct GiveUp {
      Thread& thread;
      std::shared_ptr<std::weak_ptr<TcpConnection>> made;
      bool done = false;
      ~GiveUp() {
        if (!done)
          asio::post(thread.core->io, [shared = std::move(made)] {
            if (const auto connection = shared->lock())
              connection->end(Error(ErrorKind::peer, "reach", "the other node", "this node gave up"));
          });
      }
    } unless_done{.thread = *this, .made = made};
    auto result = wait();
    unless_done.done = true;
    return result;
  }
};

Network::Network(const identity::NodeKey& key, NetworkTerms terms)
    : width_(terms.width),
      thread_(std::make_unique<Thread>(std::make_shared<NetworkCore>(
          key, terms.patience, std::move(terms.limit), std::move(terms.log), std::move(terms.refused)))) {}

Network::~Network() {
  asio::post(thread_->core->io, [core = thread_->core] {
    const std::vector<TcpConnection*> all(core->connections.begin(), core->connections.end());
    for (TcpConnection* const connection : all)
      connection->wind_up();
  });
  thread_->work.reset();
  thread_->thread.join();
}

namespace {

// A link that this node makes, and the connections that it gets later; only on the network's thread, but for
// creation.
class Dialling : public std::enable_shared_from_this<Dialling> {
 public:
  Dialling(std::shared_ptr<NetworkCore> core, const Call& call, const Width& width, tcp::endpoint to,
           std::shared_ptr<LinkState> state)
      : core_(std::move(core)),
        expected_(call.expected),
        limit_(call.limit),
        width_(width),
        to_(std::move(to)),
        state_(std::move(state)) {}

  Conduit first() {
    return conduit(LinkId{}, [weak = weak_from_this()](const LinkId& link) {
      if (const auto self = weak.lock())
        self->widen(link);
    });
  }

 private:
  void widen(const LinkId& link) {
    for (unsigned i = 1; i < width_.connections; ++i)
      std::make_shared<TcpConnection>(core_, tcp::socket(core_->io), [](const Error*) {
      })->dial(to_, [self = shared_from_this(), link] { return self->conduit(link, nullptr); });
  }

  Conduit conduit(const LinkId& link, LinkTalk::Widen widen) {
    const auto receive_max = [core = core_, limit = limit_] {
      const auto& all = core->receiving.rate();
      return all && limit ? std::min(all, limit) : all ? all : limit;
    };
    return Conduit(
        TlsStream::dial(core_->terms, Purpose::link,
                        [expected = expected_](const identity::PublicKey& key, Purpose) { return expected(key); }),
        std::make_shared<LinkTalk>(state_, link, std::move(widen), core_->patience, receive_max, Clock::now()));
  }

  const std::shared_ptr<NetworkCore> core_;
  const std::function<bool(const identity::PublicKey&)> expected_;
  const std::optional<base::ByteCount> limit_;
  const Width width_;
  const tcp::endpoint to_;
  const std::shared_ptr<LinkState> state_;
};

}  // namespace

std::unique_ptr<Link> Network::connect(const Call& call, const base::CancelToken& cancel) {
  return try_addresses(call, cancel, [&](const tcp::endpoint& to) {
    const std::string name = call.peer.empty() ? to_text(call.address) : call.peer;
    const auto state = std::make_shared<LinkState>(name, cancel, call.limit, width_);
    const auto dialling = std::make_shared<Dialling>(thread_->core, call, width_, to, state);
    return thread_->dial(
        to,
        [state, dialling](const Error* why) {
          if (!state->is_open())
            state->lost(ended(why));
        },
        [dialling] { return dialling->first(); },
        [&] {
          state->wait_until_open();
          return link_over(state);
        });
  });
}

Acquaintance Network::pair(const Call& call, const identity::Secret& secret, const OwnWords& words,
                           const base::CancelToken& cancel) {
  const auto core = thread_->core;
  return try_addresses(call, cancel, [&](const tcp::endpoint& to) {
    const auto introduced = std::make_shared<Introduced>();
    const auto make = [core, introduced, secret, words, expected = call.expected] {
      return Conduit(TlsStream::dial(core->terms, Purpose::pairing,
                                     [expected](const identity::PublicKey& key, Purpose) { return expected(key); }),
                     std::make_shared<InvitedTalk>(
                         core->terms.own_key(), secret, words, core->patience,
                         [introduced](const Acquaintance* them, const Error* why) { introduced->set(them, why); },
                         Clock::now()));
    };
    return thread_->dial(
        to,
        [introduced](const Error* why) {
          const Error reason = ended(why);
          introduced->set(nullptr, &reason);
        },
        make, [&] { return introduced->wait(cancel); });
  });
}

std::unique_ptr<Listener> Network::listen(const std::vector<Address>& addresses, Admission admission,
                                          const base::CancelToken& cancel) {
  return start_listening(thread_->core, addresses, std::move(admission), cancel);
}

}  // namespace jaunt::transport
