// Text for people: sizes, and foreign bytes made harmless.
#pragma once

#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "base/units.hpp"

namespace jaunt::base {

// "0 B", "512 B", "1.50 KiB", "28.3 GiB": binary units, three significant digits above bytes.
std::string human_bytes(ByteCount bytes);

// "4096", "64K", "10M", "2GiB" (binary units); nullopt when it is none of these or does not fit.
std::optional<ByteCount> parse_bytes(std::string_view text);

// Foreign bytes as valid UTF-8 without control characters, each offending byte written as \xNN, so that a hostile
// name can neither break JSON nor steer a terminal. A backslash stays as it is.
std::string printable(std::string_view foreign);

// The candidate that `word` is most likely a misspelling of; nullopt when none is near.
std::optional<std::string> nearest_word(std::string_view word, std::span<const std::string> candidates);

// RFC 4648 with padding. Reading is strict: exactly what to_base64 writes, else nullopt.
std::string to_base64(std::string_view bytes);
std::optional<std::string> from_base64(std::string_view text);

// The last line that says something, printable: what a failing program has to tell. Empty when it said nothing.
std::string last_line(std::string_view output);

}  // namespace jaunt::base
