// How fast the links to other nodes are: measured, and remembered.
#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>

#include "base/units.hpp"
#include "engine/conversation.hpp"
#include "engine/home.hpp"

namespace jaunt::engine {

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
