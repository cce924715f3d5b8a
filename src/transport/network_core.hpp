// What the connections of one node share on the thread that moves their bytes.
#pragma once

#include <functional>
#include <memory>
#include <set>
#include <string>

#include <asio/io_context.hpp>

#include "transport/rate_limit.hpp"
#include "transport/talk.hpp"
#include "transport/timetable.hpp"
#include "transport/tls_stream.hpp"

namespace jaunt::transport {

class TcpConnection;

// Everything but the constructor, post() of `io` and `terms` is for that thread alone.
struct NetworkCore {
  NetworkCore(const identity::NodeKey& key, const Patience& how_patient, Timetable how_fast,
              std::function<void(const std::string&)> how_to_log, std::function<void()> when_refused)
      : terms(key),
        patience(how_patient),
        timetable(std::move(how_fast)),
        log_(std::move(how_to_log)),
        refused_(std::move(when_refused)) {
    look_at_timetable();
  }

  asio::io_context io{1};
  const TlsTerms terms;
  const Patience patience;
  const Timetable timetable;
  RateLimit sending;
  RateLimit receiving;
  std::set<TcpConnection*> connections;

  void look_at_timetable();
  // One line for whoever runs the node; many at once become few.
  void log(const std::string& line, Moment now);
  // The same of a visitor that was refused, who is counted in any case.
  void log_refusal(const std::string& who, const std::string& why, Moment now);

 private:
  const std::function<void(const std::string&)> log_;
  const std::function<void()> refused_;
  Moment log_filled_{};
  double log_lines_ = 0;
  std::uint64_t log_left_out_ = 0;
};

}  // namespace jaunt::transport
