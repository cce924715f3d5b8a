// Debian's control syntax: stanzas of fields, as in dpkg's status file and in deb822 sources.
#pragma once

#include <functional>
#include <map>
#include <string>
#include <string_view>

namespace jaunt::describe {

// Field names in lower case; values trimmed, continuation lines joined by '\n'.
using Stanza = std::map<std::string, std::string, std::less<>>;

// Calls `consumer` for each stanza that has fields. Lines that are no fields are left out; '#' begins a comment line.
void for_each_stanza(std::string_view text, const std::function<void(const Stanza&)>& consumer);

// The field, or "" without it.
std::string_view field(const Stanza& stanza, std::string_view name);

}  // namespace jaunt::describe
