#include "disk/nbd_image.hpp"

#include <algorithm>
#include <optional>
#include <utility>

#include "base/error.hpp"
#include "base/text.hpp"
#include "disk/nbd_connection.hpp"

namespace jaunt::disk {

namespace {

using base::ByteCount;
using base::ByteOffset;
using base::Error;
using base::ErrorKind;

constexpr const char* kAllocationContext = "base:allocation";
constexpr const char* kDepthContext = "qemu:allocation-depth";
constexpr std::uint32_t kReadsZero = 2;     // base:allocation
constexpr std::uint32_t kNotAllocated = 0;  // qemu:allocation-depth
constexpr std::uint32_t kDirty = 1;         // qemu:dirty-bitmap
constexpr std::uint64_t kSectorBytes = 512;

std::string name_of(const NbdAddress& address, const NbdOptions& options) {
  if (!options.name.empty())
    return base::printable(options.name);
  return base::printable("nbd+unix:///" + address.export_name + "?socket=" + address.socket.string());
}

// Where both say something, what both say together; ends with the shorter.
std::vector<Allocation> combined(const std::vector<NbdConnection::Status>& zeros,
                                 const std::vector<NbdConnection::Status>& depths) {
  std::vector<Allocation> result;
  auto zero = zeros.begin();
  auto depth = depths.begin();
  ByteOffset at = zero->extent.offset;
  while (zero != zeros.end() && depth != depths.end()) {
    const ByteOffset end = std::min(zero->extent.end(), depth->extent.end());
    const bool absent = depth->flags == kNotAllocated;
    result.push_back({{at, end - at}, (zero->flags & kReadsZero) != 0 || absent, absent});
    at = end;
    if (zero->extent.end() == end)
      ++zero;
    if (depth->extent.end() == end)
      ++depth;
  }
  return result;
}

struct Export {
  NbdAddress address;
  NbdOptions options;
  std::string name;

  std::vector<std::string> contexts() const {
    return options.tell_absent ? std::vector<std::string>{kAllocationContext, kDepthContext}
                               : std::vector<std::string>{kAllocationContext};
  }
  NbdConnection connect(std::vector<std::string> contexts) const {
    return NbdConnection(address, {.name = name, .contexts = std::move(contexts), .patience = options.patience});
  }
};

// The size to go by; the server's own may only be the true one in whole sectors.
ByteCount settled_size(const Export& target, ByteCount served) {
  if (!target.options.size || *target.options.size == served)
    return served;
  const ByteCount size = *target.options.size;
  if (size < served && served.value - size.value < kSectorBytes)
    return size;
  throw Error(ErrorKind::io, "open", target.name,
              "it has " + std::to_string(served.value) + " bytes instead of " + std::to_string(size.value));
}

class NbdReader final : public Reader {
 public:
  NbdReader(const Export& target, ByteCount served, ByteCount size) : target_(target), served_(served), size_(size) {}

  void read(ByteOffset at, std::span<std::byte> into) override {
    base::invariant(at.value + into.size() <= size_.value, "reads stay within the image");
    attempt([&](NbdConnection& connection) { connection.read(at, into); });
  }

  std::vector<Allocation> allocation(ByteOffset at, ByteCount length) override {
    const ByteOffset end(std::min(at.value + length.value, size_.value));
    base::invariant(at < end, "allocation is asked within the image");
    std::vector<Allocation> result;
    attempt([&](NbdConnection& connection) { result = ask(connection, at, end - at); });
    return result;
  }

 private:
  // On a connection that works; one that failed is given up.
  template <typename Work>
  void attempt(Work work) {
    if (!connection_)
      connection_.emplace(target_.connect(target_.contexts()));
    try {
      if (connection_->size() != served_)
        throw Error(ErrorKind::io, "read", target_.name, "its size changed");
      work(*connection_);
    } catch (const Error&) {
      connection_.reset();
      throw;
    }
  }

  std::vector<Allocation> ask(NbdConnection& connection, ByteOffset at, ByteCount length) const {
    if (!connection.has_context(kAllocationContext))
      return {{.extent = {at, length}}};
    const auto status = connection.status(at, length);
    if (target_.options.tell_absent)
      return combined(status[0], status[1]);
    std::vector<Allocation> result;
    for (const auto& [extent, flags] : status[0])
      result.push_back({.extent = extent, .zero = (flags & kReadsZero) != 0});
    return result;
  }

  const Export& target_;
  ByteCount served_;
  ByteCount size_;
  std::optional<NbdConnection> connection_;
};

class NbdImage final : public Image {
 public:
  explicit NbdImage(Export target) : target_(std::move(target)) {
    const NbdConnection connection = target_.connect(target_.contexts());
    if (target_.options.tell_absent &&
        !(connection.has_context(kDepthContext) && connection.has_context(kAllocationContext)))
      throw Error(ErrorKind::unsupported, "open", target_.name, "its server does not tell allocation depth");
    served_ = connection.size();
    size_ = settled_size(target_, served_);
  }

  const std::string& name() const override { return target_.name; }
  ByteCount size() const override { return size_; }
  std::unique_ptr<Reader> reader() const override { return std::make_unique<NbdReader>(target_, served_, size_); }

 private:
  Export target_;
  ByteCount served_;
  ByteCount size_;
};

}  // namespace

std::unique_ptr<Image> open_nbd(const NbdAddress& address, const NbdOptions& options) {
  return std::make_unique<NbdImage>(Export{address, options, name_of(address, options)});
}

model::ExtentSet dirty_extents(const NbdAddress& address, const std::string& context, const NbdOptions& options) {
  const Export target{address, options, name_of(address, options)};
  NbdConnection connection = target.connect({context});
  if (!connection.has_context(context))
    throw Error(ErrorKind::not_found, "read", "bitmap " + base::printable(context) + " of " + target.name,
                "its server does not offer it");
  const ByteOffset end(settled_size(target, connection.size()).value);
  model::ExtentSet dirty;
  for (ByteOffset at; at < end;) {
    const auto status = connection.status(at, end - at);
    for (const auto& [extent, flags] : status.front()) {
      if ((flags & kDirty) != 0)
        dirty.insert(extent);
      at = extent.end();
    }
  }
  return dirty;
}

}  // namespace jaunt::disk
