#include "disk/nbd_connection.hpp"

#include <algorithm>
#include <cerrno>
#include <deque>

#include <libnbd.h>

#include "base/error.hpp"
#include "base/text.hpp"

namespace jaunt::disk {

namespace {

using namespace std::chrono_literals;
using base::ByteCount;
using base::ByteOffset;
using base::Error;
using base::ErrorKind;

constexpr std::size_t kPieceBytes = base::kMiB;
constexpr std::size_t kPiecesInFlight = 8;
constexpr std::uint64_t kStatusBytesMax = 2 * base::kGiB;  // the protocol counts in 32 bits
constexpr std::uint64_t kZeroBytesMax = base::kGiB;

// Collects the answers of one block status request.
struct StatusAnswer {
  const std::vector<std::string>& contexts;
  model::Extent asked;
  std::vector<std::vector<NbdConnection::Status>> result;
};

int collect(void* user_data, const char* context, std::uint64_t offset, std::uint32_t* entries, std::size_t count,
            int* error) {
  auto& answer = *static_cast<StatusAnswer*>(user_data);
  const auto found = std::find(answer.contexts.begin(), answer.contexts.end(), context);
  if (found == answer.contexts.end())
    return 0;
  auto& extents = answer.result[static_cast<std::size_t>(found - answer.contexts.begin())];
  ByteOffset at(offset);
  if (at != answer.asked.offset || !extents.empty()) {
    *error = EPROTO;
    return -1;
  }
  for (std::size_t i = 0; i + 1 < count && at < answer.asked.end(); i += 2) {
    const ByteCount length = std::min(ByteCount(entries[i]), answer.asked.end() - at);
    if (length.value > 0)
      extents.push_back({{at, length}, entries[i + 1]});
    at += length;
  }
  return 0;
}

}  // namespace

NbdConnection::NbdConnection(const NbdAddress& address, Options options)
    : options_(std::move(options)), handle_(::nbd_create(), ::nbd_close) {
  if (!handle_)
    fail("connect to");
  connect(address);
  const std::int64_t size = ::nbd_get_size(handle_.get());
  if (size < 0)
    fail("measure");
  size_ = ByteCount(static_cast<std::uint64_t>(size));
}

NbdConnection::~NbdConnection() = default;
NbdConnection::NbdConnection(NbdConnection&&) noexcept = default;

void NbdConnection::connect(const NbdAddress& address) {
  nbd_handle* const h = handle_.get();
  bool set_up = ::nbd_set_export_name(h, address.export_name.c_str()) == 0;
  for (const auto& context : options_.contexts)
    set_up = set_up && ::nbd_add_meta_context(h, context.c_str()) == 0;
  if (!set_up || ::nbd_aio_connect_unix(h, address.socket.c_str()) != 0)
    fail("connect to");
  const auto deadline = std::chrono::steady_clock::now() + options_.patience;
  while (::nbd_aio_is_connecting(h) == 1)
    turn(deadline, "connect to");
  if (::nbd_aio_is_ready(h) != 1)
    fail("connect to");
}

bool NbdConnection::has_context(const std::string& context) const {
  return ::nbd_can_meta_context(handle_.get(), context.c_str()) == 1;
}

// Lets the connection do what it can; waits for the server at most until the deadline.
void NbdConnection::turn(std::chrono::steady_clock::time_point deadline, const char* operation) {
  const auto left = std::chrono::ceil<std::chrono::milliseconds>(deadline - std::chrono::steady_clock::now());
  if (left <= 0ms)
    throw Error(ErrorKind::io, operation, options_.name,
                "its server did not answer for " + std::to_string(options_.patience.count()) + " ms");
  if (::nbd_poll(handle_.get(), static_cast<int>(std::min<std::int64_t>(left.count(), 60000))) < 0)
    fail(operation);
}

void NbdConnection::finish(std::int64_t cookie, const char* operation) {
  if (cookie < 0)
    fail(operation);
  const auto deadline = std::chrono::steady_clock::now() + options_.patience;
  while (true) {
    const int done = ::nbd_aio_command_completed(handle_.get(), static_cast<std::uint64_t>(cookie));
    if (done < 0)
      fail(operation);
    if (done > 0)
      return;
    turn(deadline, operation);
  }
}

// Several requests at once, so that the server always has the next one.
template <typename Start>
void NbdConnection::in_pieces(ByteOffset at, std::size_t length, const char* operation, Start start) {
  base::invariant(at.value + length <= size_.value, "requests stay within the image");
  std::deque<std::int64_t> in_flight;
  for (std::size_t done = 0; done < length || !in_flight.empty();) {
    if (done < length && in_flight.size() < kPiecesInFlight) {
      const std::size_t piece = std::min(kPieceBytes, length - done);
      in_flight.push_back(start(done, piece));
      done += piece;
    } else {
      finish(in_flight.front(), operation);
      in_flight.pop_front();
    }
  }
}

void NbdConnection::read(ByteOffset at, std::span<std::byte> into) {
  in_pieces(at, into.size(), "read", [&](std::size_t done, std::size_t piece) {
    return ::nbd_aio_pread(handle_.get(), into.data() + done, piece, at.value + done, NBD_NULL_COMPLETION, 0);
  });
}

void NbdConnection::write(ByteOffset at, base::ByteView bytes) {
  in_pieces(at, bytes.size(), "write", [&](std::size_t done, std::size_t piece) {
    return ::nbd_aio_pwrite(handle_.get(), bytes.data() + done, piece, at.value + done, NBD_NULL_COMPLETION, 0);
  });
}

void NbdConnection::zero(ByteOffset at, ByteCount length) {
  base::invariant(at.value + length.value <= size_.value, "requests stay within the image");
  while (length.value > 0) {
    const ByteCount piece(std::min(length.value, kZeroBytesMax));
    finish(::nbd_aio_zero(handle_.get(), piece.value, at.value, NBD_NULL_COMPLETION, 0), "write");
    at += piece;
    length -= piece;
  }
}

void NbdConnection::flush() {
  finish(::nbd_aio_flush(handle_.get(), NBD_NULL_COMPLETION, 0), "write");
}

std::vector<std::vector<NbdConnection::Status>> NbdConnection::status(ByteOffset at, ByteCount length) {
  length = ByteCount(std::min(length.value, kStatusBytesMax));
  base::invariant(length.value > 0 && at.value + length.value <= size_.value, "requests stay within the image");
  StatusAnswer answer{options_.contexts, {at, length}, {}};
  answer.result.resize(options_.contexts.size());
  const nbd_extent_callback callback{.callback = collect, .user_data = &answer, .free = nullptr};
  finish(::nbd_aio_block_status(handle_.get(), length.value, at.value, callback, NBD_NULL_COMPLETION, 0), "map");
  for (const auto& extents : answer.result)
    if (extents.empty())
      throw Error(ErrorKind::io, "map", options_.name, "its server gave no answer about allocation");
  return std::move(answer.result);
}

// The one translation of libnbd's errors; called right after the failing call.
void NbdConnection::fail(const char* operation) const {
  const int error_number = ::nbd_get_errno();
  const char* const text = ::nbd_get_error();
  const auto kind = error_number == ENOSPC || error_number == EDQUOT ? ErrorKind::no_space : ErrorKind::io;
  throw Error(
      kind, operation, options_.name,
      error_number == ENOSPC ? "no space is left" : base::printable(text != nullptr ? text : "unknown error"));
}

}  // namespace jaunt::disk
