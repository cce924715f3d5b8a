#include "describe/probe.hpp"

#include "describe/splitting.hpp"

namespace jaunt::describe {

namespace {

// blkid's \xNN escapes undone.
std::string decoded(std::string_view text) {
  std::string result;
  while (!text.empty()) {
    if (text.size() >= 4 && text.starts_with("\\x"))
      if (const auto byte = number<unsigned char>(text.substr(2, 2), 16)) {
        result += static_cast<char>(*byte);
        text.remove_prefix(4);
        continue;
      }
    result += text.front();
    text.remove_prefix(1);
  }
  return result;
}

void add(Probe& probe, std::string_view name, std::string_view value) {
  const auto set = [&](std::string& field) {
    if (field.empty())
      field = decoded(value);
  };
  if (name == "ID_FS_TYPE")
    set(probe.type);
  else if (name == "ID_FS_LABEL_ENC")
    set(probe.label);
  else if (name == "ID_FS_UUID_ENC")
    set(probe.uuid);
  else if (name == "ID_PART_TABLE_TYPE")
    set(probe.table);
  else if (name == "ID_PART_ENTRY_TYPE")
    set(probe.partition_type);
  else if (name == "ID_PART_ENTRY_NAME")
    set(probe.partition_label);
}

}  // namespace

std::map<std::string, Probe, std::less<>> parse_probes(std::string_view text) {
  std::map<std::string, Probe, std::less<>> probes;
  Probe* current = nullptr;
  for (const auto line : lines(text)) {
    const auto fields = words(line, 2);
    if (fields.size() == 2 && fields[0] == "probe")
      current = &probes[std::string(fields[1])];
    else if (current != nullptr && fields.size() == 2 && fields[0] == "signature")
      current->signatures.emplace_back(fields[1]);
    else if (const auto parts = cut(line, "="); current != nullptr && parts)
      add(*current, parts->first, parts->second);
  }
  return probes;
}

}  // namespace jaunt::describe
