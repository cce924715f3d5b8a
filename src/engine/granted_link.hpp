// A link on which a peer is heard only as far as it may ask.
#pragma once

#include <memory>
#include <optional>
#include <string>

#include "base/error.hpp"
#include "identity/peers.hpp"
#include "transport/link.hpp"

namespace jaunt::engine {

// A question that is not granted is answered with a refusal, and receiving it throws auth. Whatever is not known to
// be harmless needs the verb `send`.
class GrantedLink : public transport::Link {
 public:
  // `realm` is the one whose machines are served.
  GrantedLink(std::unique_ptr<transport::Link> link, identity::Grants grants, std::string realm);

  const std::string& peer() const override { return link_->peer(); }
  void send(base::Bytes frame) override { link_->send(std::move(frame)); }
  std::optional<base::Bytes> receive() override;
  void close() override { link_->close(); }
  transport::Traffic sent() const override { return link_->sent(); }
  transport::Traffic received() const override { return link_->received(); }
  transport::Measured measured() const override { return link_->measured(); }

 private:
  const std::unique_ptr<transport::Link> link_;
  const identity::Grants grants_;
  const std::string realm_;
};

// Tells the other side why its question is not answered.
void refuse(transport::Link& link, std::uint32_t question, const base::Error& why);

}  // namespace jaunt::engine
