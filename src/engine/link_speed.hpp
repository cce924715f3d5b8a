// How fast the links to other nodes are: measured, and remembered.
#pragma once

#include <chrono>
#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "base/units.hpp"
#include "engine/conversation.hpp"
#include "engine/home.hpp"

namespace jaunt::engine {

using Seconds = std::chrono::duration<double>;

struct KnownSpeed {
  base::ByteCount bytes_per_second;  // that it brings here
  std::int64_t measured = 0;         // seconds since 1970
};

// HOME/cache/links.json. Any process; what cannot be read or written is forgotten.
class LinkBook {
 public:
  explicit LinkBook(const Home& home);

  std::optional<KnownSpeed> find(const std::string& node) const;
  void note(const std::string& node, base::ByteCount bytes_per_second) const;

 private:
  const std::filesystem::path path_;
};

// Bytes a second, by when pieces of a probe arrived that were asked for together (at least five). The first does not
// count: a connection begins slowly. Of all runs of three the middle one counts: a link may let a burst pass, and who
// waits for a processor finds several pieces there at once.
double rate_of_pieces(const std::vector<Seconds>& arrivals, std::uint32_t piece);

// Asks for ever longer answers, until one of them takes long enough to tell, or they would be more than `spend`.
// nullopt where that is too little to tell anything.
std::optional<base::ByteCount> probe_link(Conversation& conversation, base::ByteCount spend);

// How fast the link to the node is: by a transfer of a moment ago, by a probe of at most a hundredth of what will
// cross it, or by an earlier one.
std::optional<base::ByteCount> link_rate(const std::string& node, base::ByteCount expected,
                                         Conversation& conversation, const Home& home);

// Remembers what the source has seen the link take.
void remember_link(const std::string& node, Conversation& conversation, const Home& home);

}  // namespace jaunt::engine
