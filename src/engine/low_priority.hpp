// Work that nobody waits for.
#pragma once

namespace jaunt::engine {

// From now on this thread, and the threads and children that it starts, use processor and disks only when nobody
// else wants them. There is no way back.
void lower_priority();

}  // namespace jaunt::engine
