#include "mirror/apt_settings.hpp"

#include <algorithm>
#include <array>
#include <string>

namespace jaunt::mirror {

namespace {

constexpr std::size_t kSettingsMax = 1000;

bool is_proxy(std::string_view value) {
  return value == "DIRECT" || value.starts_with("http://") || value.starts_with("https://") ||
         value.starts_with("socks5h://");
}

}  // namespace

Proxies read_apt_settings(std::string_view text) {
  Proxies proxies;
  while (!text.empty()) {
    const auto end = std::min(text.find('\n'), text.size());
    const std::string_view line = text.substr(0, end);
    text.remove_prefix(std::min(end + 1, text.size()));
    const auto opens = line.find(" \"");
    const auto closes = line.rfind("\";");
    if (opens == line.npos || closes == line.npos || closes < opens + 2)
      continue;
    const std::string_view key = line.substr(0, opens);
    const std::string value(line.substr(opens + 2, closes - opens - 2));
    for (const std::string_view scheme : std::array<std::string_view, 2>{"http", "https"}) {
      const std::string name = "Acquire::" + std::string(scheme) + "::Proxy";
      if (!is_proxy(value))
        continue;
      if (key == name)
        proxies.by_scheme[std::string(scheme)] = value;
      else if (key.starts_with(name + "::"))
        proxies.by_host[std::string(scheme) + " " + std::string(key.substr(name.size() + 2))] = value;
    }
    if (proxies.by_host.size() + proxies.by_scheme.size() > kSettingsMax)
      throw base::Error(base::ErrorKind::limit, "read", "apt's configuration", "it names too many proxies");
  }
  // As apt does it: what goes over TLS takes the same way unless it is told another one.
  if (const auto http = proxies.by_scheme.find("http");
      http != proxies.by_scheme.end() && !proxies.by_scheme.contains("https"))
    proxies.by_scheme["https"] = http->second;
  return proxies;
}

}  // namespace jaunt::mirror
