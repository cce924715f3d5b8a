// What a service tells the one that started it (systemd's Type=notify).
#pragma once

#include <string>

namespace jaunt::engine {

// "READY=1", "STOPPING=1", "STATUS=...". Nothing where nobody listens: a service runs without it, too.
void notify_service(const std::string& state);

}  // namespace jaunt::engine
