#include "disk/open.hpp"

#include <chrono>
#include <utility>

#include "base/error.hpp"
#include "base/text.hpp"
#include "disk/nbd_image.hpp"
#include "disk/nbd_server.hpp"
#include "disk/raw_image.hpp"
#include "disk/vetted_file.hpp"

namespace jaunt::disk {

namespace {

using base::ByteCount;
using base::ByteOffset;
using base::Error;

constexpr std::chrono::milliseconds kLastBreath{200};  // between a server's closed connections and its end

// A reader of our own server: where that died, its last words tell more than the broken connection.
class ServedReader final : public Reader {
 public:
  ServedReader(std::unique_ptr<Reader> reader, const NbdServer& server)
      : reader_(std::move(reader)), server_(server) {}

  void read(ByteOffset at, std::span<std::byte> into) override {
    explained([&] { reader_->read(at, into); });
  }

  std::vector<Allocation> allocation(ByteOffset at, ByteCount length) override {
    std::vector<Allocation> result;
    explained([&] { result = reader_->allocation(at, length); });
    return result;
  }

 private:
  template <typename Work>
  void explained(Work work) {
    try {
      work();
    } catch (const Error& error) {
      if (const auto obituary = server_.obituary(kLastBreath))
        throw Error(error.kind(), error.operation(), error.subject(), *obituary);
      throw;
    }
  }

  std::unique_ptr<Reader> reader_;
  const NbdServer& server_;
};

class ServedImage final : public Image {
 public:
  ServedImage(std::unique_ptr<NbdServer> server, const NbdOptions& options)
      : server_(std::move(server)), image_(open_nbd(server_->address(), options)) {}

  const std::string& name() const override { return image_->name(); }
  ByteCount size() const override { return image_->size(); }
  std::unique_ptr<Reader> reader() const override {
    return std::make_unique<ServedReader>(image_->reader(), *server_);
  }

 private:
  std::unique_ptr<NbdServer> server_;
  std::unique_ptr<Image> image_;
};

std::unique_ptr<Image> serve(const Chain& chain, const model::Layer& top, const NbdServerOptions& server,
                             bool tell_absent) {
  NbdOptions options;
  options.name = top.path;
  options.size = top.virtual_size;
  options.tell_absent = tell_absent;
  return std::make_unique<ServedImage>(NbdServer::start(chain, server), options);
}

}  // namespace

std::unique_ptr<Image> open_image(const Chain& chain) {
  if (chain.single_raw())
    return open_raw(open_vetted(layer_file(chain.top())));
  return serve(chain, chain.top(), {}, false);
}

std::unique_ptr<Image> open_layer(const Chain& chain, std::size_t index) {
  const model::Layer& layer = chain.layers.at(index);
  if (layer.format == "raw")
    return open_raw(open_vetted(layer_file(layer)));
  NbdServerOptions server;
  server.only_layer = index;
  return serve(chain, layer, server, index + 1 < chain.layers.size());
}

}  // namespace jaunt::disk
