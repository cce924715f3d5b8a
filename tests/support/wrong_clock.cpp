// A clock that is wrong by JAUNT_CLOCK_OFF seconds, by LD_PRELOAD. Clocks that only measure what has passed are
// right.
#include <cstdlib>
#include <ctime>

#include <dlfcn.h>
#include <sys/time.h>

namespace {

time_t seconds_off() {
  static const time_t off = [] {
    const char* const text = std::getenv("JAUNT_CLOCK_OFF");
    return text == nullptr ? 0 : static_cast<time_t>(std::strtoll(text, nullptr, 10));
  }();
  return off;
}

}  // namespace

extern "C" {

int clock_gettime(clockid_t clock, struct timespec* now) {
  static const auto real =
      reinterpret_cast<int (*)(clockid_t, struct timespec*)>(::dlsym(RTLD_NEXT, "clock_gettime"));
  const int result = real(clock, now);
  if (result == 0 && (clock == CLOCK_REALTIME || clock == CLOCK_REALTIME_COARSE))
    now->tv_sec += seconds_off();
  return result;
}

int gettimeofday(struct timeval* now, void*) {
  struct timespec precise {};
  const int result = clock_gettime(CLOCK_REALTIME, &precise);
  now->tv_sec = precise.tv_sec;
  now->tv_usec = precise.tv_nsec / 1000;
  return result;
}

time_t time(time_t* where) {
  struct timespec now {};
  clock_gettime(CLOCK_REALTIME, &now);
  if (where != nullptr)
    *where = now.tv_sec;
  return now.tv_sec;
}
}
