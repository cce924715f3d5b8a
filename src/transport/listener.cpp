#include <algorithm>
#include <condition_variable>
#include <deque>
#include <map>
#include <mutex>
#include <utility>

#include <asio/ip/tcp.hpp>
#include <asio/ip/v6_only.hpp>
#include <asio/post.hpp>
#include <asio/steady_timer.hpp>
#include <fmt/format.h>

#include "base/text.hpp"
#include "transport/answering_talk.hpp"
#include "transport/link_state.hpp"
#include "transport/link_talk.hpp"
#include "transport/listening.hpp"
#include "transport/network.hpp"
#include "transport/tcp_connection.hpp"

namespace jaunt::transport {

using namespace std::chrono_literals;
using asio::ip::tcp;
using base::Error;
using base::ErrorKind;

namespace {

constexpr auto kLookAtToken = 50ms;
constexpr auto kRestAfterFailure = 100ms;  // such as too many open files

asio::ip::address without_mapping(const asio::ip::address& address) {
  return address.is_v6() && address.to_v6().is_v4_mapped()
             ? asio::ip::address(asio::ip::make_address_v4(asio::ip::v4_mapped, address.to_v6()))
             : address;
}

// One of those that can hardly have many addresses: an IPv4 address, or the first half of an IPv6 one.
std::string group_of(const asio::ip::address& host) {
  if (host.is_v4())
    return host.to_string();
  auto bytes = host.to_v6().to_bytes();
  std::fill(bytes.begin() + 8, bytes.end(), static_cast<unsigned char>(0));
  return asio::ip::address_v6(bytes).to_string();
}

struct Guest {
  std::string host;
  std::string group;
  std::string who;   // host and port
  std::string name;  // of a peer, once it is known
  std::shared_ptr<LinkState> link = {};
  bool half_open = true;
};

}  // namespace

struct Listener::State : std::enable_shared_from_this<Listener::State> {
  State(std::shared_ptr<NetworkCore> shared, Admission whom, base::CancelToken token)
      : core(std::move(shared)), admission(std::move(whom)), cancel(std::move(token)), rest(core->io) {}

  const std::shared_ptr<NetworkCore> core;
  const Admission admission;
  const base::CancelToken cancel;
  std::vector<Address> addresses;

  // Only on the network's thread, once it has begun.
  std::vector<tcp::acceptor> acceptors;
  asio::steady_timer rest;
  std::map<std::string, std::size_t> half_open;  // by group
  std::size_t half_open_count = 0;
  struct Known {
    identity::PublicKey key;
    std::weak_ptr<LinkState> link;
  };
  std::map<LinkId, Known> links;

  std::mutex mutex;
  std::condition_variable changed;
  std::deque<Visitor> visitors;

  void open(const Address& address);
  void accept_on(std::size_t which);
  void welcome(tcp::socket socket);
  std::optional<std::string> why_full(const std::string& group) const;
  Conduit conduit_for(const std::shared_ptr<Guest>& guest);
  LinkTalk::Attached attach(const std::shared_ptr<Guest>& guest, const Greeting& greeting,
                            const identity::PublicKey& key);
  void greeted(Guest& guest);
  void ended(Guest& guest, const Error* why);
  void close();
};

void Listener::State::open(const Address& address) {
  const auto v6 = asio::ip::address(asio::ip::address_v6::any());
  const std::vector<std::string> hosts =
      address.host.empty() ? std::vector<std::string>{v6.to_string()} : resolve(address, cancel);
  for (const std::string& host : hosts) {
    tcp::endpoint endpoint(asio::ip::make_address(host), address.port);
    tcp::acceptor acceptor(core->io);
    std::error_code failure;
    acceptor.open(endpoint.protocol(), failure);
    if (failure && address.host.empty()) {  // a host without IPv6
      endpoint = tcp::endpoint(asio::ip::address_v4::any(), address.port);
      acceptor.open(endpoint.protocol(), failure);
    }
    std::error_code ignored;
    acceptor.set_option(tcp::acceptor::reuse_address(true), ignored);
    if (endpoint.address().is_v6())
      acceptor.set_option(asio::ip::v6_only(!address.host.empty()), ignored);
    if (!failure)
      acceptor.bind(endpoint, failure);
    if (!failure)
      acceptor.listen(asio::socket_base::max_listen_connections, failure);
    if (failure == std::errc::address_in_use)
      throw Error(ErrorKind::busy, "listen at", to_text(address), "another program listens there",
                  "end it, or choose another port with --listen or node.listen");
    if (failure)
      base::throw_errno(failure.value(), "listen at", to_text(address));
    const auto taken = acceptor.local_endpoint();
    addresses.push_back(
        {.host = taken.address().is_unspecified() ? "" : taken.address().to_string(), .port = taken.port()});
    acceptors.push_back(std::move(acceptor));
  }
}

void Listener::State::accept_on(std::size_t which) {
  acceptors[which].async_accept(
      [self = shared_from_this(), which](const std::error_code& failure, tcp::socket socket) {
        if (!self->acceptors[which].is_open())
          return;
        if (!failure) {
          self->welcome(std::move(socket));
          return self->accept_on(which);
        }
        self->rest.expires_after(kRestAfterFailure);
        self->rest.async_wait([self, which](const std::error_code&) {
          if (self->acceptors[which].is_open())
            self->accept_on(which);
        });
      });
}

std::optional<std::string> Listener::State::why_full(const std::string& group) const {
  const auto of_group = half_open.find(group);
  if (of_group != half_open.end() && of_group->second >= kHalfOpenOfOneHostMax)
    return fmt::format("{} connections from there have not said hello yet", of_group->second);
  if (half_open_count >= kHalfOpenMax)
    return fmt::format("{} connections have not said hello yet", half_open_count);
  if (core->connections.size() >= kConnectionsMax)
    return fmt::format("there are {} connections", core->connections.size());
  return std::nullopt;
}

void Listener::State::welcome(tcp::socket socket) {
  std::error_code gone;
  const auto remote = socket.remote_endpoint(gone);
  if (gone)
    return;
  const auto host = without_mapping(remote.address());
  auto guest =
      std::make_shared<Guest>(Guest{.host = host.to_string(),
                                    .group = group_of(host),
                                    .who = host.is_v6() ? fmt::format("[{}]:{}", host.to_string(), remote.port())
                                                        : fmt::format("{}:{}", host.to_string(), remote.port()),
                                    .name = {}});
  if (const auto full = why_full(guest->group))
    return core->log_refusal(guest->who, *full, Clock::now());
  ++half_open[guest->group];
  ++half_open_count;
  const auto connection = std::make_shared<TcpConnection>(
      core, std::move(socket), [self = shared_from_this(), guest](const Error* why) { self->ended(*guest, why); });
  connection->start([&] { return conduit_for(guest); });
}

Conduit Listener::State::conduit_for(const std::shared_ptr<Guest>& guest) {
  const auto self = shared_from_this();
  const auto accept_key = [self, guest](const identity::PublicKey& key, Purpose purpose) {
    if (purpose == Purpose::pairing)
      return true;  // who it is shows when it proves that it knows an invitation
    const auto name = self->admission.name_of(key);
    guest->name = name.value_or("");
    if (!name)
      throw Error(ErrorKind::auth, "trust", fmt::format("the node {}", to_text(identity::id_of(key))),
                  "it is not paired with this one");
    return true;
  };
  const auto speaks = [self](Purpose purpose) { return purpose == Purpose::link || self->admission.invites(); };
  const auto make = [self, guest](Purpose purpose) -> std::unique_ptr<Talk> {
    const Moment now = Clock::now();
    const NetworkCore& shared = *self->core;
    if (purpose == Purpose::pairing)
      return std::make_unique<InviterTalk>(
          shared.terms.own_key(), self->admission.own_words, shared.patience,
          [self, guest](const InviterTalk::Knows& knows, const Acquaintance& them) {
            self->admission.redeem(knows, them, guest->host);
          },
          now);
    return std::make_unique<LinkTalk>(
        [self, guest](const Greeting& greeting, const identity::PublicKey& key) {
          return self->attach(guest, greeting, key);
        },
        shared.patience, [core = self->core] { return core->receiving.rate(); }, now);
  };
  return Conduit(TlsStream::answer(core->terms, accept_key, speaks),
                 std::make_shared<AnsweringTalk>(make, core->patience, Clock::now()));
}

LinkTalk::Attached Listener::State::attach(const std::shared_ptr<Guest>& guest, const Greeting& greeting,
                                           const identity::PublicKey& key) {
  std::erase_if(links, [](const auto& known) {
    const auto link = known.second.link.lock();
    return link == nullptr || link->failed();
  });
  if (greeting.link != LinkId{}) {
    const auto known = links.find(greeting.link);
    const auto link = known == links.end() || known->second.key != key ? nullptr : known->second.link.lock();
    if (link == nullptr)
      throw Error(ErrorKind::not_found, "join", "a link", "there is no such link any more");
    guest->link = link;
    greeted(*guest);
    return {.state = link, .link = greeting.link};
  }
  const auto of_peer =
      std::count_if(links.begin(), links.end(), [&](const auto& known) { return known.second.key == key; });
  if (static_cast<std::size_t>(of_peer) >= kLinksOfOnePeerMax)
    throw Error(ErrorKind::busy, "make", "a link", fmt::format("this node has {} links from it", of_peer));
  LinkId id{};
  identity::fill_randomly(id);
  const auto link = std::make_shared<LinkState>(guest->name, cancel);
  link->give_up_when_idle(core->patience.idle);
  {
    const std::scoped_lock lock(mutex);
    if (visitors.size() >= kWaitingVisitorsMax)
      throw Error(ErrorKind::busy, "make", "a link", "this node has more visitors than it can attend to");
    visitors.push_back({.key = key, .name = guest->name, .host = guest->host, .link = link_over(link)});
    changed.notify_all();
  }
  links.emplace(id, Known{.key = key, .link = link});
  guest->link = link;
  greeted(*guest);
  return {.state = link, .link = id};
}

void Listener::State::greeted(Guest& guest) {
  if (!std::exchange(guest.half_open, false))
    return;
  --half_open_count;
  if (const auto of_group = half_open.find(guest.group); --of_group->second == 0)
    half_open.erase(of_group);
}

void Listener::State::ended(Guest& guest, const Error* why) {
  const bool was_link = !guest.half_open;
  greeted(guest);
  if (why == nullptr || (guest.link != nullptr && guest.link->peer_has_left()))
    return;
  const std::string who = guest.name.empty() ? guest.who : fmt::format("{} at {}", guest.name, guest.who);
  const std::string cause = base::printable(why->what());
  if (was_link)
    core->log(fmt::format("lost {}: {}", who, cause), Clock::now());
  else
    core->log_refusal(who, cause, Clock::now());
}

void Listener::State::close() {
  std::error_code ignored;
  for (tcp::acceptor& acceptor : acceptors)
    acceptor.close(ignored);
  rest.cancel();
}

std::unique_ptr<Listener> start_listening(const std::shared_ptr<NetworkCore>& core,
                                          const std::vector<Address>& addresses, Admission admission,
                                          const base::CancelToken& cancel) {
  const auto state = std::make_shared<Listener::State>(core, std::move(admission), cancel);
  for (const Address& address : addresses)
    state->open(address);
  asio::post(core->io, [state] {
    for (std::size_t i = 0; i < state->acceptors.size(); ++i)
      state->accept_on(i);
  });
  return std::make_unique<Listener>(state);
}

Listener::~Listener() {
  asio::post(state_->core->io, [state = state_] { state->close(); });
  const std::scoped_lock lock(state_->mutex);
  state_->visitors.clear();
}

Visitor Listener::accept() {
  std::unique_lock lock(state_->mutex);
  while (!state_->changed.wait_for(lock, kLookAtToken, [&] { return !state_->visitors.empty(); }))
    state_->cancel.check();
  Visitor visitor = std::move(state_->visitors.front());
  state_->visitors.pop_front();
  return visitor;
}

const std::vector<Address>& Listener::addresses() const {
  return state_->addresses;
}

}  // namespace jaunt::transport
