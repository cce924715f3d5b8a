"""Other ways to bring an image over a link, each used at its best. None encrypts; jaunt does."""
import os
import shutil
import subprocess
import sys
import time

from wan import LEFT_ADDRESS
from watching import Watched, run_watched

PORT = 7780

# Becomes the program that is named, its standard output or input the socket.
SEND = """
import os, socket, sys
server = socket.create_server(("0.0.0.0", int(sys.argv[1])))
print("ready", flush=True)
peer, _ = server.accept()
os.dup2(peer.fileno(), 1)
os.execvp(sys.argv[2], sys.argv[2:])
"""
RECEIVE = """
import os, socket, sys
peer = socket.create_connection((sys.argv[1], int(sys.argv[2])))
os.dup2(peer.fileno(), 0)
os.execvp(sys.argv[3], sys.argv[3:])
"""
SERVE = """
import functools, http.server, sys
class Handler(http.server.SimpleHTTPRequestHandler):
    protocol_version = "HTTP/1.1"  # one connection for all chunks
    def log_message(self, *_): pass
server = http.server.ThreadingHTTPServer(("0.0.0.0", int(sys.argv[1])), functools.partial(Handler, directory=sys.argv[2]))
print("ready", flush=True)
server.serve_forever()
"""


def durable(path):
    """Seconds until a file is on the disk, where jaunt leaves what it makes."""
    start = time.monotonic()
    with open(path, "rb") as file:
        os.fsync(file.fileno())
    return time.monotonic() - start


class Peer:
    """One tool, by `program`: prepare() is what the source may do long before, serve() what it runs, fetch() what the destination
    does; only that is measured. `held` is an image at the destination, or None."""

    def __init__(self, link, image, held, scratch):
        self.link, self.image, self.held, self.scratch = link, image, held, scratch
        self.target = f"{scratch}/target"

    def prepare(self):
        pass

    def _python(self, program, *arguments):
        server = subprocess.Popen(self.link.inside("left", [sys.executable, "-c", program, *arguments]),
                                  stdout=subprocess.PIPE, text=True)
        server.stdout.readline()
        return server

    def measure(self):
        self.prepare()
        server = self.serve()
        source = Watched(server.pid)
        try:
            code, said, seconds, cost = run_watched(self.link.inside("right", self.fetch()), stderr=subprocess.STDOUT)
            seconds += durable(self.target) if code == 0 else 0
            time.sleep(0.1)  # its children are reaped
        finally:
            there = source.stop()
            server.kill()
            server.wait()
        if code != 0:
            return {"failed": said.strip()[-300:]}
        return {"seconds": seconds, "source": there, "destination": cost}


class Zstd(Peer):
    name, program = "zstd -3 -T0 piped", "zstd"

    def serve(self):
        return self._python(SEND, str(PORT), "zstd", "-3", "-T0", "-qc", self.image)

    def fetch(self):
        return [sys.executable, "-c", RECEIVE, LEFT_ADDRESS, str(PORT), "zstd", "-dqf", "--sparse", "-o", self.target]


class Rsync(Peer):
    """A daemon without encryption; the base is there under the target's name, in blocks of 4 KiB as filesystems have."""
    name, program = "rsync -z -B4096", "rsync"
    compressed = ("-z", "--compress-choice=zstd", "--sparse")

    def prepare(self):
        if self.held:
            subprocess.run(["cp", "--sparse=always", self.held, self.target], check=True)
        else:
            self.name = "rsync -z"

    def serve(self):
        with open(f"{self.scratch}/rsyncd.conf", "w") as file:
            file.write(f"use chroot = no\n[guest]\npath = {os.path.dirname(self.image)}\nread only = yes\n"
                       f"uid = root\ngid = root\npid file = {self.scratch}/rsyncd.pid\n")
        server = subprocess.Popen(self.link.inside("left", ["rsync", "--daemon", "--no-detach", f"--port={PORT}",
                                                            f"--config={self.scratch}/rsyncd.conf"]))
        time.sleep(1)
        return server

    def fetch(self):
        blocks = ["-B4096", "--no-whole-file"] if self.held else []
        return ["rsync", *self.compressed, "--ignore-times", *blocks,
                f"rsync://{LEFT_ADDRESS}:{PORT}/guest/{os.path.basename(self.image)}", self.target]


class RawRsync(Rsync):
    """The image as it is, to a destination that holds nothing."""
    name, compressed = "rsync", ()

    def prepare(self):
        self.held = None


class SparseRsync(RawRsync):
    """The same, but what is written there is sparse."""
    name, compressed = "rsync --sparse", ("--sparse",)


class Casync(Peer):
    """Its own chunk size (64 KiB: a smaller one saves a sixth of the bytes and costs four times the round trips), chunks
    made before, fetched by HTTP; the base is a seed."""
    name = program = "casync"

    def prepare(self):
        os.mkdir(f"{self.scratch}/casync")
        subprocess.run(["casync", "make", f"--store={self.scratch}/casync/default.castr",
                        f"{self.scratch}/casync/image.caibx", self.image], check=True, stdout=subprocess.DEVNULL)

    def serve(self):
        return self._python(SERVE, str(PORT), f"{self.scratch}/casync")

    def fetch(self):
        from_there = f"http://{LEFT_ADDRESS}:{PORT}"
        return ["casync", "extract", f"--store={from_there}/default.castr", *([f"--seed={self.held}"] if self.held else []),
                f"{from_there}/image.caibx", self.target]


PEERS = {"zstd": Zstd, "rsync": Rsync, "casync": Casync, "rsync-raw": RawRsync, "rsync-sparse": SparseRsync}


def available(names):
    return [PEERS[name] for name in names if shutil.which(PEERS[name].program)]
