#include "transport/greeting.hpp"

#include <algorithm>
#include <string_view>

#include <fmt/format.h>

#include "base/text.hpp"

namespace jaunt::transport {

using base::Error;
using base::ErrorKind;

namespace {

constexpr const char* kSubject = "the other node";

void append(base::Bytes& out, base::ByteView bytes) {
  out.insert(out.end(), bytes.begin(), bytes.end());
}

void append_name(base::Bytes& out, std::string_view name) {
  base::append_le(out, static_cast<std::uint8_t>(name.size()));
  append(out, base::as_bytes(name));
}

// Takes one value after another; each must be there.
class Taker {
 public:
  explicit Taker(base::ByteView bytes) : bytes_(bytes) {}

  base::ByteView bytes(std::size_t count) {
    if (bytes_.size() < count)
      throw Error(ErrorKind::corrupt, "understand", kSubject, "its greeting is cut off");
    const base::ByteView taken = bytes_.first(count);
    bytes_ = bytes_.subspan(count);
    return taken;
  }
  template <typename Integer>
  Integer number() {
    return base::load_le<Integer>(bytes(sizeof(Integer)));
  }
  std::string name() {
    const auto length = number<std::uint8_t>();
    if (length > kGreetingNameBytesMax)
      throw Error(ErrorKind::limit, "understand", kSubject, "a name in its greeting is too long");
    const base::ByteView text = bytes(length);
    return {reinterpret_cast<const char*>(text.data()), text.size()};
  }
  template <typename Array>
  void fill(Array& array) {
    const base::ByteView taken = bytes(array.size());
    std::copy(taken.begin(), taken.end(), array.begin());
  }
  void version(std::uint16_t& version) {
    version = number<std::uint16_t>();
    if (version != kLinkVersion)
      throw Error(ErrorKind::unsupported, "understand", kSubject,
                  fmt::format("it speaks version {} of the protocol, this node version {}", version, kLinkVersion),
                  "use the same version of jaunt on both hosts");
  }
  void end() const {
    if (!bytes_.empty())
      throw Error(ErrorKind::corrupt, "understand", kSubject, "its greeting is too long");
  }

 private:
  base::ByteView bytes_;
};

}  // namespace

base::Bytes encode(const Greeting& greeting) {
  base::Bytes body;
  base::append_le(body, greeting.version);
  append(body, greeting.link);
  base::append_le(body, greeting.credit);
  base::append_le(body, greeting.receive_max.value);
  base::append_le(body, static_cast<std::uint16_t>(greeting.features.size()));
  for (const std::string& feature : greeting.features)
    append_name(body, feature);
  return body;
}

Greeting decode_greeting(base::ByteView body) {
  Taker taker(body);
  Greeting greeting;
  taker.version(greeting.version);
  taker.fill(greeting.link);
  greeting.credit = taker.number<std::uint64_t>();
  greeting.receive_max = base::ByteCount(taker.number<std::uint64_t>());
  const auto features = taker.number<std::uint16_t>();
  if (features > kGreetingFeaturesMax)
    throw Error(ErrorKind::limit, "understand", kSubject, "its greeting names too many features");
  for (unsigned i = 0; i < features; ++i)
    greeting.features.push_back(taker.name());
  if (!std::is_sorted(greeting.features.begin(), greeting.features.end()))
    throw Error(ErrorKind::corrupt, "understand", kSubject, "the features in its greeting are not sorted");
  taker.end();
  return greeting;
}

base::Bytes encode_refusal(const Error& why) {
  base::Bytes body;
  base::append_le(body, static_cast<std::uint8_t>(why.kind()));
  append(body, base::as_bytes(std::string_view(why.cause()).substr(0, kRefusalBytesMax)));
  return body;
}

Error decode_refusal(base::ByteView body) {
  if (body.empty() || body.size() > 1 + kRefusalBytesMax ||
      std::to_integer<unsigned>(body[0]) > static_cast<unsigned>(ErrorKind::hypervisor))
    throw Error(ErrorKind::corrupt, "understand", kSubject, "its refusal makes no sense");
  const base::ByteView text = body.subspan(1);
  return Error(ErrorKind{std::to_integer<int>(body[0])}, "talk to", kSubject,
               "it says: " + base::printable({reinterpret_cast<const char*>(text.data()), text.size()}));
}

base::Bytes proven_part(const Introduction& introduction) {
  base::Bytes body;
  base::append_le(body, introduction.version);
  base::append_le(body, introduction.port);
  append_name(body, introduction.name);
  return body;
}

base::Bytes encode(const Introduction& introduction) {
  base::Bytes body = proven_part(introduction);
  append(body, introduction.proof);
  return body;
}

Introduction decode_introduction(base::ByteView body) {
  Taker taker(body);
  Introduction introduction;
  taker.version(introduction.version);
  introduction.port = taker.number<std::uint16_t>();
  introduction.name = taker.name();
  taker.fill(introduction.proof);
  taker.end();
  return introduction;
}

}  // namespace jaunt::transport
