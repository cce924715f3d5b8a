"""A package mirror near the destination: the packages that the guests of tests/world were made of."""
import contextlib
import glob
import os
import subprocess
import time

from measuring import SOURCE, WORLD

SUPPORT = f"{SOURCE}/tests/support"


@contextlib.contextmanager
def mirror(link, scratch):
    """Serves them at the right end of the link, for that end alone; gives the settings with which a node fetches there."""
    repository, port = f"{scratch}/mirror", f"{scratch}/mirror.port"
    subprocess.run([f"{SUPPORT}/apt-repository", repository, "stable", *sorted(glob.glob(f"{WORLD}/debs/*.deb"))], check=True)
    server = subprocess.Popen(link.inside("right", [f"{SUPPORT}/mirror-server", repository, port, f"{scratch}/mirror.log"]))
    try:
        while not (os.path.exists(port) and os.path.getsize(port)) and server.poll() is None:
            time.sleep(0.05)
        with open(port) as file:
            url = f"http://127.0.0.1:{file.read()}/"
        yield {"JAUNT_MIRROR_USE": "true", "JAUNT_MIRROR_SOURCES": f"{url} stable main", "no_proxy": "127.0.0.1"}
    finally:
        server.terminate()
        server.wait()
