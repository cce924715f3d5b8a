// One TLS 1.3 connection without its socket: bytes in, bytes out. Both sides show a key and both must be known;
// nothing else is ever accepted, resumed or remembered.
#pragma once

#include <cstddef>
#include <functional>
#include <memory>
#include <optional>

#include "base/bytes.hpp"
#include "base/hash.hpp"
#include "identity/node_key.hpp"

namespace jaunt::transport {

// What a connection is for; the side that dials says it in its first message.
enum class Purpose { link, pairing };

// This node's part of every connection. Shared by copies; any thread.
class TlsTerms {
 public:
  explicit TlsTerms(const identity::NodeKey& key);

  const identity::PublicKey& own_key() const { return own_key_; }

 private:
  friend class TlsStream;
  struct Contexts;
  std::shared_ptr<const Contexts> contexts_;
  identity::PublicKey own_key_;
};

// Whether the other node's key is one that is waited for. May throw, which refuses it.
using AcceptKey = std::function<bool(const identity::PublicKey&, Purpose)>;
// Whether a listener speaks for this purpose now.
using AcceptPurpose = std::function<bool(Purpose)>;

// Errors of kind auth say that a key was refused, by this side or the other; all others are of kind peer or corrupt.
// After one nothing but output() is of use: it holds the alert that tells the other side. One thread.
class TlsStream {
 public:
  static TlsStream dial(const TlsTerms& terms, Purpose purpose, AcceptKey accept);
  static TlsStream answer(const TlsTerms& terms, AcceptKey accept, AcceptPurpose speaks);
  ~TlsStream();
  TlsStream(TlsStream&&) noexcept;
  TlsStream& operator=(TlsStream&&) = delete;

  // Bytes of the socket. What they say in plain is appended to `plain`.
  void arrive(base::ByteView bytes, base::Bytes& plain);

  // Both keys are proven and accepted. On the side that dials this comes before the other side has judged.
  bool secured() const;
  Purpose purpose() const;
  const identity::PublicKey& peer_key() const;     // once secured
  base::Hash32 exported(const char* label) const;  // equal on both sides of one connection, and nowhere else

  void write(base::ByteView plain);
  void close();              // says that nothing more is written
  bool peer_closed() const;  // the other side said so

  // What the socket has to send, until it is dropped. It is kept until all of it is, so more is written only then.
  base::ByteView output() const;
  void drop_output(std::size_t bytes);

 private:
  friend class TlsTerms;
  struct State;
  explicit TlsStream(std::unique_ptr<State> state);
  void advance(base::Bytes& plain);

  std::unique_ptr<State> state_;
};

}  // namespace jaunt::transport
