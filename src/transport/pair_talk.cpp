#include "transport/pair_talk.hpp"

#include <utility>

namespace jaunt::transport {

using base::Error;
using base::ErrorKind;

namespace {

constexpr const char* kSubject = "the other node";
constexpr const char* kExporterLabel = "EXPORTER-jaunt-pairing";
constexpr std::string_view kInvitedProof = "jaunt pairing: invited";
constexpr std::string_view kInviterProof = "jaunt pairing: inviter";

void append(base::Bytes& out, base::ByteView bytes) {
  out.insert(out.end(), bytes.begin(), bytes.end());
}

// The connection and both its ends.
base::Bytes binding(const TlsStream& stream, const identity::PublicKey& invited, const identity::PublicKey& inviter) {
  base::Bytes bytes;
  append(bytes, stream.exported(kExporterLabel));
  append(bytes, invited.bytes);
  append(bytes, inviter.bytes);
  return bytes;
}

base::Hash32 proof_of(const identity::Secret& secret, std::string_view purpose, base::Bytes bound_to,
                      const Introduction& introduction) {
  append(bound_to, proven_part(introduction));
  return identity::proof_of(secret, purpose, bound_to);
}

void check_time(Moment began, Moment now, const Patience& patience) {
  if (now - began > patience.handshake)
    throw Error(ErrorKind::peer, "pair with", kSubject, "it took too long");
}

[[noreturn]] void refuse_piece() {
  throw Error(ErrorKind::corrupt, "understand", kSubject, "it says something that has no place in a pairing");
}

}  // namespace

InvitedTalk::InvitedTalk(const identity::PublicKey& own_key, const identity::Secret& secret, OwnWords words,
                         const Patience& patience, Done done, Moment now)
    : own_key_(own_key),
      secret_(secret),
      words_(std::move(words)),
      patience_(patience),
      done_(std::move(done)),
      began_(now) {}

void InvitedTalk::secured(const TlsStream& stream, Moment) {
  peer_key_ = stream.peer_key();
  bound_to_ = binding(stream, own_key_, peer_key_);
  said_ = false;
}

void InvitedTalk::say(base::Bytes& pieces, Moment) {
  if (std::exchange(said_, true))
    return;
  Introduction own{.version = kLinkVersion, .name = words_.name, .port = words_.port, .proof = {}};
  own.proof = proof_of(secret_, kInvitedProof, bound_to_, own);
  append_piece(pieces, PieceKind::invited, encode(own));
}

void InvitedTalk::heard(const Piece& piece, Moment) {
  if (piece.kind == PieceKind::refusal)
    throw decode_refusal(piece.body);
  if (piece.kind != PieceKind::inviter || over_)
    refuse_piece();
  const Introduction theirs = decode_introduction(piece.body);
  if (!identity::same_proof(theirs.proof, proof_of(secret_, kInviterProof, bound_to_, theirs)))
    throw Error(ErrorKind::auth, "trust", kSubject, "it does not know the invitation's secret");
  over_ = true;
  const Acquaintance them{.key = peer_key_, .name = theirs.name, .port = theirs.port};
  std::exchange(done_, nullptr)(&them, nullptr);
}

void InvitedTalk::tick(Moment now) {
  check_time(began_, now, patience_);
}

void InvitedTalk::lost(const Error& why) {
  if (done_)
    std::exchange(done_, nullptr)(nullptr, &why);
}

InviterTalk::InviterTalk(const identity::PublicKey& own_key, OwnWords words, const Patience& patience, Redeem redeem,
                         Moment now)
    : own_key_(own_key), words_(std::move(words)), patience_(patience), redeem_(std::move(redeem)), began_(now) {}

void InviterTalk::secured(const TlsStream& stream, Moment) {
  peer_key_ = stream.peer_key();
  bound_to_ = binding(stream, peer_key_, own_key_);
}

void InviterTalk::heard(const Piece& piece, Moment) {
  if (answer_ || refusal_)
    return;
  if (piece.kind != PieceKind::invited)
    refuse_piece();
  try {
    judge(decode_introduction(piece.body));
  } catch (const Error& failure) {
    refusal_ = failure;
  }
}

void InviterTalk::judge(const Introduction& theirs) {
  std::optional<identity::Secret> shared;
  const auto knows = [&](const identity::Secret& secret) {
    const bool known = identity::same_proof(theirs.proof, proof_of(secret, kInvitedProof, bound_to_, theirs));
    if (known)
      shared = secret;
    return known;
  };
  redeem_(knows, {.key = peer_key_, .name = theirs.name, .port = theirs.port});
  base::invariant(shared.has_value(), "an invitation is redeemed by its secret");
  Introduction own{.version = kLinkVersion, .name = words_.name, .port = words_.port, .proof = {}};
  own.proof = proof_of(*shared, kInviterProof, bound_to_, own);
  answer_ = encode(own);
}

void InviterTalk::say(base::Bytes& pieces, Moment) {
  if (said_ || (!answer_ && !refusal_))
    return;
  said_ = true;
  if (answer_)
    append_piece(pieces, PieceKind::inviter, *answer_);
  else
    append_piece(pieces, PieceKind::refusal, encode_refusal(*refusal_));
}

void InviterTalk::tick(Moment now) {
  check_time(began_, now, patience_);
}

}  // namespace jaunt::transport
