"""Two paired nodes at the ends of a link: a source that serves, a destination that fetches."""
import json
import os
import shutil
import signal
import subprocess
import time
from concurrent.futures import ThreadPoolExecutor

from wan import LEFT_ADDRESS
from watching import Watched, run_watched


class Node:
    def __init__(self, program, home, folders, link, side):
        self.program, self.home, self.link, self.side = program, home, link, side
        self.environment = {**os.environ, "JAUNT_HOME": home, "JAUNT_IMAGES_FOLDERS": ":".join(folders)}
        os.mkdir(home, mode=0o700)
        self.run("node", "init")

    def command(self, *words):
        return self.link.inside(self.side, [self.program, *words])

    def run(self, *words, given=""):
        done = subprocess.run(self.command(*words), env=self.environment, input=given, capture_output=True, text=True)
        if done.returncode != 0:
            raise SystemExit(f"jaunt {' '.join(words)} failed with {done.returncode}: {done.stdout}{done.stderr}")
        return done.stdout

    def knows(self, image):
        """The catalog learns an image, as it does in the background."""
        self.run("catalog", "add", image)
        self.run("catalog", "rescan", "--urgent")


class TwoNodes:
    """A context; the nodes know each other, and the destination's `held` image where there is one. `settings` are the
    destination's, in its environment; packages come from no mirror unless they say so."""

    def __init__(self, program, link, folders, scratch, held, settings=None):
        self.source = Node(program, f"{scratch}/source-home", folders, link, "left")
        self.destination = Node(program, f"{scratch}/destination-home", folders, link, "right")
        self.destination.environment |= {"JAUNT_MIRROR_USE": "false", **(settings or {})}
        self.target = f"{scratch}/teleported.raw"
        self._first_state = f"{scratch}/destination-home.first"
        self._server = None
        if held:
            self.destination.knows(held)

    def __enter__(self):
        self.serve()
        token = json.loads(self.source.run("node", "invite", "--grant", "describe,send", "--json"))["token"]
        self.destination.run("node", "pair", "--name", "source", LEFT_ADDRESS, given=token + "\n")
        shutil.copytree(self.destination.home, self._first_state)
        return self

    def __exit__(self, *_):
        self.end_server(signal.SIGTERM)

    def serve(self):
        self._server = subprocess.Popen(self.source.command("serve", "--json", "--listen", ":5286"), text=True,
                                        stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, env=self.source.environment)
        self._server.stdout.readline()

    def end_server(self, how):
        self._server.send_signal(how)
        self._server.communicate()

    def forget(self):
        """The destination is as it was before the first teleport."""
        shutil.rmtree(self.destination.home)
        shutil.copytree(self._first_state, self.destination.home)
        if os.path.exists(self.target):
            os.unlink(self.target)

    def teleport(self, image, rate, target=None):
        """A teleport's summary and cost. The link's rate is told, as a person would who knows it."""
        return self._measured("teleport", "--json", "--format", "raw", "--rate", rate, "--to", target or self.target,
                              f"{image}@source")

    def forecast(self, image, rate):
        """What `jaunt plan` says of it: bytes and seconds at the rate that is told, and which rate it measures itself."""
        words = ("plan", "--json", "--lease", "0", "--format", "raw")
        told = json.loads(self.destination.run(*words, "--rate", rate, f"{image}@source"))
        own = json.loads(self.destination.run(*words, f"{image}@source"))
        return {"forecast_wire_bytes": told["forecast"]["wire"], "forecast_seconds": told["forecast"]["seconds"],
                "forecast_slowest": told["forecast"]["slowest"], "measured_mbit": own["link"]["bytes_per_second"] * 8 / 1e6}

    def teleport_together(self, image, rate, count):
        """So many at once, each to a target of its own: seconds to the end of the last one, and the memory of each end."""
        source = Watched(self._server.pid)
        start = time.monotonic()
        with ThreadPoolExecutor(count) as pool:
            ended = list(pool.map(lambda number: run_watched(
                self.destination.command("teleport", "--json", "--format", "raw", "--rate", rate, "--to",
                                         f"{self.target}.{number}", f"{image}@source"),
                env=self.destination.environment, stderr=subprocess.DEVNULL), range(count)))
        for code, said, *_ in ended:
            if code != 0:
                raise SystemExit(f"one of {count} teleports at once failed with {code}: {said}")
        costs = [cost for *_, cost in ended]
        return {"seconds": time.monotonic() - start, "source": source.stop(),
                "destination": {key: sum(cost[key] for cost in costs) for key in costs[0]}}

    def teleport_killed_at(self, image, rate, carried, half):
        """The same, but the source's server is killed once the link has carried so many bytes, and started again; what
        the link had carried by then, and the summary of the resumed one."""
        child = subprocess.Popen(self.destination.command("teleport", "--json", "--format", "raw", "--rate", rate, "--to",
                                                          self.target, f"{image}@source"), stdout=subprocess.PIPE,
                                 stderr=subprocess.DEVNULL, text=True, env=self.destination.environment)
        while carried() < half and child.poll() is None:
            time.sleep(0.005)
        self.end_server(signal.SIGKILL)
        child.communicate()
        first = carried()
        self.serve()
        job = json.loads(self.destination.run("job", "list", "--json").splitlines()[0])["id"]
        return first, self._measured("job", "resume", "--json", job)

    def _measured(self, *words):
        source = Watched(self._server.pid)
        code, said, seconds, cost = run_watched(self.destination.command(*words), env=self.destination.environment,
                                                stderr=subprocess.DEVNULL)
        last = json.loads(said.splitlines()[-1]) if said else {}
        if code != 0:
            raise SystemExit(f"jaunt {' '.join(words)} failed with {code}: {last}")
        return {"seconds": seconds, "source": source.stop(), "destination": cost, "summary": last}
