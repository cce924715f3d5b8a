"""Two network namespaces joined by a link of any rate and delay, for benchmarks and by hand."""
import contextlib
import json
import os
import subprocess

from measuring import driver

LEFT_ADDRESS, RIGHT_ADDRESS = "10.77.0.1", "10.77.0.2"


def options(**way):
    """rate="10Mbit", delay="20ms", jitter=, loss=, queue=, and left_rate= and so on, as arguments of wanlink."""
    return [text for name, value in way.items() if value is not None
            for text in ("--" + name.replace("_", "-"), str(value))]


class WanLink:
    """A context in which two namespaces exist; `left` and `right` run programs there. Needs root."""

    def __init__(self, mtu=1500, **way):
        self.left, self.right = (f"jaunt-{side}-{os.getpid()}" for side in ("left", "right"))
        self.mtu, self.way = mtu, options(**way)
        self.crossed = None  # after the context: packets and bytes by direction
        self._undo = contextlib.ExitStack()
        self._program = None

    def __enter__(self):
        with contextlib.ExitStack() as undo:
            for name in (self.left, self.right):
                self._ip("netns", "add", name)
                undo.callback(self._ip, "netns", "delete", name)
            self._program = subprocess.Popen([os.environ.get("JAUNT_WANLINK") or driver("wanlink"), self.left, self.right, *self.way],
                                             stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
            undo.callback(self._end)
            if self._program.stdout.readline() != "ready\n":
                raise RuntimeError("wanlink did not start")
            for name, address in ((self.left, LEFT_ADDRESS), (self.right, RIGHT_ADDRESS)):
                self._ip("-n", name, "link", "set", "lo", "up")
                self._ip("-n", name, "address", "add", f"{address}/24", "dev", "wan0")
                self._ip("-n", name, "link", "set", "wan0", "mtu", str(self.mtu), "up")
            self._undo = undo.pop_all()
        return self

    def __exit__(self, *_):
        self._undo.close()

    def _end(self):
        said, _ = self._program.communicate()
        self.crossed = json.loads(said.splitlines()[-1]) if self._program.returncode == 0 else None

    @staticmethod
    def _ip(*arguments):
        subprocess.run(["ip", *arguments], check=True)

    def inside(self, side, argv):
        """The command that runs another one in a namespace: side is "left" or "right"."""
        return ["ip", "netns", "exec", getattr(self, side), *argv]


class Meter:
    """Bytes that the link has carried, in both directions."""

    def __init__(self, link):
        self.link, self.zero = link, 0
        self.zero = self.carried()

    def carried(self):
        shown = subprocess.run(["ip", "-n", self.link.right, "-j", "-s", "link", "show", "wan0"], check=True,
                               capture_output=True, text=True).stdout
        counts = json.loads(shown)[0]["stats64"]
        return counts["rx"]["bytes"] + counts["tx"]["bytes"] - self.zero
