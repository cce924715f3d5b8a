#include "transport/conduit.hpp"

#include "base/error.hpp"

namespace jaunt::transport {

using base::Error;
using base::ErrorKind;

void Conduit::arrive(base::ByteView bytes, Moment now) {
  plain_.clear();
  stream_.arrive(bytes, plain_);
  if (stream_.secured() && !told_) {
    told_ = true;
    talk_->secured(stream_, now);
  }
  reader_.add(plain_);
  while (const auto piece = reader_.next())
    talk_->heard(*piece, now);
  if (stream_.peer_closed())
    talk_->heard_end();
}

void Conduit::arrive_end() {
  if (!talk_->over())
    throw Error(ErrorKind::peer, "hear from", "the other node", "the connection was lost");
}

base::ByteView Conduit::output(Moment now) {
  if (stream_.output().empty() && told_ && !closed_) {
    plain_.clear();
    talk_->say(plain_, now);
    stream_.write(plain_);
    if (plain_.empty() && talk_->over()) {
      closed_ = true;
      stream_.close();
    }
  }
  return stream_.output();
}

}  // namespace jaunt::transport
