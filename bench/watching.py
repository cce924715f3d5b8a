"""What programs that run side by side cost, each apart from the programs that it starts."""
import os
import re
import subprocess
import threading
import time

TICK = os.sysconf("SC_CLK_TCK")
EVERY = 0.02


def anonymous(pid):
    with open(f"/proc/{pid}/status") as file:
        found = re.search(r"RssAnon:\s+(\d+)", file.read())
    return int(found[1]) * 1024 if found else 0


def times(pid):
    """Seconds of CPU: its own, and those of its children that have ended."""
    with open(f"/proc/{pid}/stat") as file:
        fields = file.read().rpartition(")")[2].split()
    user, system, children_user, children_system = (int(n) / TICK for n in fields[11:15])
    return user + system, children_user + children_system


def descendants(pid):
    found = []
    for task in os.listdir(f"/proc/{pid}/task"):
        with open(f"/proc/{pid}/task/{task}/children") as file:
            for child in map(int, file.read().split()):
                found.append(child)
                try:
                    found += descendants(child)
                except OSError:  # it has ended
                    pass
    return found


class Watched:
    """A program from now until stop() or its end: seconds of CPU and the peak of its anonymous memory, and the same
    of all that it starts."""

    def __init__(self, pid):
        self.pid = pid
        self.cost = {"cpu_seconds": 0.0, "helpers_cpu_seconds": 0.0, "peak_anonymous_bytes": 0,
                     "helpers_peak_anonymous_bytes": 0}
        self._before = times(pid)
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._watch)
        self._thread.start()

    def _watch(self):
        while not self._over.is_set():
            try:
                self._sample()
            except (OSError, IndexError):  # it has ended
                return
            time.sleep(EVERY)

    def _sample(self):
        own, helpers = times(self.pid)
        live = 0
        for child in descendants(self.pid):
            try:
                live += anonymous(child)
            except OSError:
                pass
        cost = self.cost
        cost["cpu_seconds"], cost["helpers_cpu_seconds"] = own - self._before[0], helpers - self._before[1]
        cost["peak_anonymous_bytes"] = max(cost["peak_anonymous_bytes"], anonymous(self.pid))
        cost["helpers_peak_anonymous_bytes"] = max(cost["helpers_peak_anonymous_bytes"], live)

    def stop(self):
        self._over.set()
        self._thread.join()
        return self.cost


def run_watched(argv, **options):
    """Runs a program to its end: how it ended, what it printed, the seconds it took, and its cost."""
    start = time.monotonic()
    child = subprocess.Popen(argv, stdout=subprocess.PIPE, text=True, **options)
    watched = Watched(child.pid)
    said = child.stdout.read()
    _, status, usage = os.wait4(child.pid, 0)
    child.returncode = os.waitstatus_to_exitcode(status)
    seconds = time.monotonic() - start
    cost = watched.stop()
    # Exact where the last sample was not: what all of them used is known now.
    cost["cpu_seconds"] = max(cost["cpu_seconds"], usage.ru_utime + usage.ru_stime - cost["helpers_cpu_seconds"])
    return child.returncode, said, seconds, cost
