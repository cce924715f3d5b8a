// Values of the configuration between their text and their type.
#pragma once

#include <chrono>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "base/units.hpp"
#include "engine/mirror_values.hpp"
#include "engine/network_values.hpp"

namespace jaunt::engine {

// A value as it was written somewhere, before it is given a type.
struct Written {
  enum class Form { text, number, flag, list, untyped };  // untyped: environment and flags
  Form form = Form::untyped;
  std::string text;
  std::vector<std::string> list;
};

using Complaint = std::optional<std::string>;  // what is wrong with a value

// Sets the value, or leaves it and says what it must be.
Complaint assign(bool& value, const Written& written);
Complaint assign(unsigned& value, const Written& written);
Complaint assign(base::ByteCount& value, const Written& written);
Complaint assign(std::string& value, const Written& written);
Complaint assign(std::filesystem::path& value, const Written& written);
Complaint assign(std::vector<std::filesystem::path>& value, const Written& written);
Complaint assign(ListenAddresses& value, const Written& written);
Complaint assign(LinkLimit& value, const Written& written);
Complaint assign(NetworkNames& value, const Written& written);
Complaint assign(LocalPort& value, const Written& written);
Complaint assign(std::chrono::seconds& value, const Written& written);
Complaint assign(MirrorSources& value, const Written& written);
Complaint assign(MirrorArchives& value, const Written& written);

// The value in the notation of TOML.
std::string to_toml(bool value);
std::string to_toml(unsigned value);
std::string to_toml(base::ByteCount value);
std::string to_toml(const std::string& value);
std::string to_toml(const std::filesystem::path& value);
std::string to_toml(const std::vector<std::filesystem::path>& value);
std::string to_toml(const ListenAddresses& value);
std::string to_toml(const LinkLimit& value);
std::string to_toml(const NetworkNames& value);
std::string to_toml(const LocalPort& value);
std::string to_toml(std::chrono::seconds value);
std::string to_toml(const MirrorSources& value);
std::string to_toml(const MirrorArchives& value);

}  // namespace jaunt::engine
