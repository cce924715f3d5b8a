#include "codec/delta.hpp"

#include <algorithm>
#include <cstdint>
#include <memory>
#include <string>

#include <librsync.h>

#include "base/error.hpp"

namespace jaunt::codec {

using base::Error;
using base::ErrorKind;

namespace {

// Short parts find what a database changes within its pages; a wrong one that a short sum lets through is found when
// the blocks are proved.
constexpr std::uint32_t kPartBytes = 256;
constexpr std::uint32_t kStrongBytes = 4;
constexpr std::size_t kHeadBytes = 12;  // of librsync's own signature; always the same, so it does not cross
constexpr std::size_t kSumBytes = 4 + kStrongBytes;

[[noreturn]] void fail(const char* operation, rs_result result) {
  throw Error(result == RS_MEM_ERROR ? ErrorKind::limit : ErrorKind::corrupt, operation, "a delta",
              rs_strerror(result));
}

struct JobEnd {
  void operator()(rs_job_t* job) const { rs_job_free(job); }
};
using Job = std::unique_ptr<rs_job_t, JobEnd>;

Job started(rs_job_t* job) {
  static const bool quiet = [] {
    rs_trace_set_level(RS_LOG_EMERG);
    return true;
  }();
  base::invariant(quiet && job != nullptr, "there is memory for librsync");
  return Job(job);
}

rs_buffers_t buffers_of(base::ByteView in, std::span<std::byte> out) {
  return {.next_in = const_cast<char*>(reinterpret_cast<const char*>(in.data())),  // it is only read
          .avail_in = in.size(),
          .eof_in = 1,
          .next_out = reinterpret_cast<char*>(out.data()),
          .avail_out = out.size()};
}

// What the job makes of all of `in`: at most `out`, or a corrupt error. Returns what is left of it.
std::size_t run(const char* operation, const Job& job, base::ByteView in, std::span<std::byte> out) {
  rs_buffers_t buffers = buffers_of(in, out);
  const rs_result result = rs_job_iter(job.get(), &buffers);
  if (result == RS_BLOCKED)
    throw Error(ErrorKind::corrupt, operation, "a delta", "it makes more than it should");
  if (result != RS_DONE)
    fail(operation, result);
  return buffers.avail_out;
}

void put(base::Bytes& bytes, std::uint32_t value) {
  for (int shift = 24; shift >= 0; shift -= 8)
    bytes.push_back(static_cast<std::byte>(value >> shift));
}

rs_result copy(void* former, rs_long_t at, std::size_t* length, void** into) {
  const auto& bytes = *static_cast<const base::ByteView*>(former);
  if (at < 0 || static_cast<std::uint64_t>(at) >= bytes.size())
    return RS_CORRUPT;
  const auto part = bytes.subspan(static_cast<std::size_t>(at));
  *length = std::min(*length, part.size());
  std::ranges::copy(part.first(*length), static_cast<std::byte*>(*into));
  return RS_DONE;
}

void check_length(const char* operation, std::size_t length, std::size_t length_max) {
  if (length > length_max)
    throw Error(ErrorKind::limit, operation, "a delta", "it is of " + std::to_string(length) + " bytes");
}

}  // namespace

std::size_t signature_bytes(std::size_t former) {
  return (former + kPartBytes - 1) / kPartBytes * kSumBytes;
}

base::Bytes signature_of(base::ByteView former) {
  check_length("prepare", former.size(), kDeltaContentMax);
  const Job job = started(rs_sig_begin(kPartBytes, kStrongBytes, RS_RK_BLAKE2_SIG_MAGIC));
  base::Bytes signature(kHeadBytes + signature_bytes(former.size()));
  const std::size_t left = run("prepare", job, former, signature);
  base::invariant(left == 0, "librsync's signature has the length that it should have");
  signature.erase(signature.begin(), signature.begin() + kHeadBytes);
  return signature;
}

base::Bytes delta_of(base::ByteView signature, base::ByteView content) {
  check_length("make", signature.size(), kSignatureMax);
  check_length("make", content.size(), kDeltaContentMax);
  base::Bytes whole;
  for (const std::uint32_t word : {std::uint32_t{RS_RK_BLAKE2_SIG_MAGIC}, kPartBytes, kStrongBytes})
    put(whole, word);
  whole.insert(whole.end(), signature.begin(), signature.end());
  rs_signature_t* loaded = nullptr;
  const Job load = started(rs_loadsig_begin(&loaded));
  const auto drop = [](rs_signature_t* sums) { rs_free_sumset(sums); };
  rs_buffers_t buffers = buffers_of(whole, {});
  const rs_result result = rs_job_iter(load.get(), &buffers);
  const std::unique_ptr<rs_signature_t, decltype(drop)> sums(loaded, drop);
  if (result != RS_DONE)
    fail("make", result);
  if (const rs_result indexed = rs_build_hash_table(sums.get()); indexed != RS_DONE)
    fail("make", indexed);
  const Job job = started(rs_delta_begin(sums.get()));
  base::Bytes delta(content.size() + content.size() / 64 + 1024);  // where nothing agrees
  delta.resize(delta.size() - run("make", job, content, delta));
  return delta;
}

void apply_delta(base::ByteView former, base::ByteView delta, std::span<std::byte> into) {
  check_length("apply", former.size(), kDeltaContentMax);
  const Job job = started(rs_patch_begin(copy, &former));
  if (run("apply", job, delta, into) != 0)
    throw Error(ErrorKind::corrupt, "apply", "a delta", "it makes less than it should");
}

}  // namespace jaunt::codec
