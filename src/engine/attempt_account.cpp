#include "engine/attempt_account.hpp"

#include <algorithm>

#include "base/error.hpp"

namespace jaunt::engine {

using namespace std::chrono_literals;

namespace {

// So a journal grows with the logarithm of the time.
constexpr auto kBetweenNotesMin = 1s;
constexpr int kNotesOfAttempt = 20;  // the next one comes when so great a part of the attempt is not noted

}  // namespace

void AttemptAccount::go_on_with(const std::vector<Record>& records) {
  for (const Record& record : records)
    if (const auto* counted = std::get_if<AttemptCounted>(&record)) {
      if (!earlier_.empty() && earlier_.back().attempt == counted->attempt)
        earlier_.pop_back();
      earlier_.push_back(*counted);
    }
}

void AttemptAccount::note() {
  const auto now = Clock::now();
  if (now - noted_ < std::max<Clock::duration>(kBetweenNotesMin, (now - begun_) / kNotesOfAttempt))
    return;
  job_.record(counted());
  noted_ = now;
}

void AttemptAccount::note_end() noexcept {
  try {
    job_.record(counted());
  } catch (const base::Error&) {  // the disk may be full; what ended the attempt is what has to be told
  }
}

AttemptCounted AttemptAccount::counted() const {
  AttemptCounted counted{
      .attempt = earlier_.empty() ? 1 : earlier_.back().attempt + 1,
      .sent = static_cast<std::int64_t>(summary_.wire_sent.value),
      .received = static_cast<std::int64_t>(summary_.wire_received.value),
      .milliseconds = std::chrono::duration_cast<std::chrono::milliseconds>(Clock::now() - begun_).count(),
      .bytes = {}};
  for (const model::SourceKind kind : model::kSourceKinds)
    counted.bytes[kind] = static_cast<std::int64_t>(summary_.bytes[kind].value);
  return counted;
}

AttemptTotals AttemptAccount::totals() const {
  AttemptTotals totals;
  const auto add = [&](const AttemptCounted& one) {
    ++totals.attempts;
    totals.wire_sent += base::ByteCount(static_cast<std::uint64_t>(one.sent));
    totals.wire_received += base::ByteCount(static_cast<std::uint64_t>(one.received));
    totals.elapsed += std::chrono::milliseconds(one.milliseconds);
    for (const model::SourceKind kind : model::kSourceKinds)
      totals.bytes[kind] += base::ByteCount(static_cast<std::uint64_t>(one.bytes[kind]));
  };
  for (const AttemptCounted& one : earlier_)
    add(one);
  add(counted());
  return totals;
}

}  // namespace jaunt::engine
