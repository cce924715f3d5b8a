"""What the benchmarks share: running programs and measuring what they cost, finding guests, building drivers."""
import os
import re
import subprocess
import sys
import time

SOURCE = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
CACHE = os.environ.get("JAUNT_BENCH_CACHE", "/var/cache/jaunt/bench")
WORLD = os.environ.get("JAUNT_WORLD", "/var/cache/jaunt/world")
MIB = 1 << 20
GIB = 1 << 30


def say(text):
    print(text, file=sys.stderr, flush=True)


def run(argv, threads):
    """Runs a program to its end on the first `threads` cores; what it printed, and what it cost."""
    start = time.monotonic()
    child = subprocess.Popen(argv, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True,
                             preexec_fn=lambda: os.sched_setaffinity(0, sorted(os.sched_getaffinity(0))[:threads]))
    anonymous = 0
    while True:
        pid, status, usage = os.wait4(child.pid, os.WNOHANG)
        if pid:
            break
        with open(f"/proc/{child.pid}/status") as file:
            found = re.search(r"RssAnon:\s+(\d+)", file.read())
        anonymous = max(anonymous, int(found[1]) * 1024 if found else 0)
        time.sleep(0.004)
    seconds = time.monotonic() - start
    child.returncode = os.waitstatus_to_exitcode(status)
    if child.returncode != 0:
        raise SystemExit(f"{sys.argv[0]}: {' '.join(argv)} failed with {child.returncode}")
    return child.stdout.read(), {"seconds": seconds, "cpu_seconds": usage.ru_utime + usage.ru_stime,
                                 "peak_rss_bytes": usage.ru_maxrss * 1024, "peak_anonymous_bytes": anonymous}


def guest_folders(name):
    """The folders of a built guest of tests/world, the last one first."""
    folders = sorted(os.listdir(WORLD), reverse=True) if os.path.isdir(WORLD) else []
    return [f"{WORLD}/{folder}" for folder in folders
            if re.fullmatch(rf"{re.escape(name)}-[0-9a-f]{{16}}", folder) and os.path.exists(f"{WORLD}/{folder}/disk.img")]


def driver(target, folder="bench"):
    """Builds a program, by default a driver of this folder, optimised, and says where it is."""
    build = os.environ.get("JAUNT_BUILD", f"{SOURCE}/build/release")
    if not os.path.exists(f"{build}/build.ninja"):
        subprocess.run(["cmake", "--preset", "release"], cwd=SOURCE, check=True, stdout=subprocess.DEVNULL)
    subprocess.run(["cmake", "--build", build, "--target", target], check=True, stdout=subprocess.DEVNULL)
    return f"{build}/{folder}/{target}"


def warm(*paths):
    for path in paths:
        subprocess.run(["cat", path], stdout=subprocess.DEVNULL, check=True)
