"""A PostgreSQL server of one test run's own, which may be stopped, killed, started again and copied.

tools/postgres knows where the programs are, who may run them and which settings suit tests; what is added here is
that the server keeps its port, so that clients find it again.  It must not know clients, nor what is tested.
"""

from __future__ import annotations

import os
import pathlib
import shutil
import signal
import subprocess
import tempfile
import time
import types
from typing import Any

ROOT = pathlib.Path(__file__).resolve().parents[2]
LOOPBACK = "127.0.0.1"


def _tool() -> Any:
    """tools/postgres as a module: it has no suffix, so `import` does not find it."""
    path = ROOT / "tools/postgres"
    module = types.ModuleType("tools_postgres")
    module.__file__ = str(path)
    exec(compile(path.read_text(), path, "exec"), module.__dict__)
    return module


tool: Any = _tool()


# A sanitizer that was loaded for Python is not for the server.
ENVIRONMENT = {name: value for name, value in os.environ.items() if name != "LD_PRELOAD"}


class Server:
    """A cluster in a scratch folder and, most of the time, the server on it.

    Args:
        settings: of postgresql.conf; win over those of tools/postgres.
        copy_of: a server whose standby this one becomes.
    """

    def __init__(self, settings: dict[str, str] | None = None, copy_of: Server | None = None) -> None:
        self.settings = {**tool.SETTINGS, **(settings or {})}
        self.user = tool.server_user()
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="takeo-fault-", dir="/tmp"))  # short: a socket's path
        self.folder.chmod(0o711)
        if self.user:
            os.chown(self.folder, self.user["user"], self.user["group"])
        self.port: int = tool.free_port()
        self.process: subprocess.Popen[bytes] | None = None
        try:
            self._fill(copy_of)
            self.start()
        except BaseException:
            self.remove()
            raise

    def __enter__(self) -> Server:
        return self

    def __exit__(self, *raised: object) -> None:
        self.remove()

    def _run(self, name: str, *words: object) -> None:
        command = [tool.program(name), *map(str, words)]
        done = subprocess.run(command, cwd=self.folder, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                              stderr=subprocess.STDOUT, text=True, env=ENVIRONMENT, **self.user)
        if done.returncode:
            raise RuntimeError(f"{name} ended with {done.returncode}: {done.stdout[-2000:]}")

    def _fill(self, copy_of: Server | None) -> None:
        data = self.folder / "data"
        if copy_of is None:
            self._run("initdb", "-D", data, "-U", "postgres", "-A", "trust", "-E", "UTF8", "--locale=C.UTF-8", "--no-sync",
                      "--no-instructions")
        else:
            self._run("pg_basebackup", "-D", data, "-h", copy_of.folder, "-p", copy_of.port, "-U", "postgres", "-R",
                      "--no-sync", "-c", "fast", "-X", "stream")

    # ---- where it is
    def url(self, port: int | None = None, **more: object) -> str:
        """Over TCP, straight or through a proxy at that port, with further words of the query."""
        words = "&".join(f"{name}={value}" for name, value in {"sslmode": "disable", "gssencmode": "disable", **more}.items())
        return f"postgresql://postgres@{LOOPBACK}:{port or self.port}/postgres?{words}"

    @property
    def log(self) -> str:
        return (self.folder / "log").read_text(errors="replace")

    # ---- its life
    def start(self) -> None:
        """Start it, after a crash as well, and wait until it takes connections."""
        end = time.monotonic() + tool.PATIENCE
        while not self._started(end):  # the last one's processes may not all be gone
            if time.monotonic() > end:
                raise RuntimeError("PostgreSQL does not start:\n" + self.log[-2000:])
            time.sleep(0.05)

    def _started(self, end: float) -> bool:
        words = [word for name, value in self.settings.items() for word in ("-c", f"{name}={value}")]
        with open(self.folder / "log", "ab") as log:
            # setpriv: the server ends with this process, even one that is killed.
            self.process = subprocess.Popen(
                ["setpriv", "--pdeathsig", "INT", tool.program("postgres"), "-D", str(self.folder / "data"), "-p", str(self.port),
                 "-k", str(self.folder), *words],
                cwd=self.folder, stdin=subprocess.DEVNULL, stdout=log, stderr=log, env=ENVIRONMENT, **self.user)
        while time.monotonic() < end:
            if self.is_ready():
                return True
            if self.process.poll() is not None:
                return False
            time.sleep(0.01)
        raise RuntimeError("PostgreSQL does not get ready:\n" + self.log[-2000:])

    def is_ready(self) -> bool:
        return subprocess.call([tool.program("pg_isready"), "-q", "-h", str(self.folder), "-p", str(self.port)],
                               env=ENVIRONMENT) == 0

    def wait_until_ready(self) -> float:
        """After a crash that the server mends by itself; gives the time at which it was ready."""
        end = time.monotonic() + tool.PATIENCE
        while not self.is_ready():
            assert time.monotonic() < end, "the server does not come back:\n" + self.log[-2000:]
            time.sleep(0.01)
        return time.monotonic()

    def stop(self) -> None:
        """A fast shutdown: connections are closed in good order."""
        if self.process is not None:
            tool.stop(self.process)

    def kill(self) -> None:
        """Kill the postmaster; its children see that and end by themselves."""
        assert self.process is not None
        self.process.kill()
        self.process.wait()

    def reload(self) -> None:
        """Read the files of settings, users and certificates again; whoever connects afterwards meets what they say."""
        assert self.process is not None
        words = "reloading configuration files"
        before = self.log.count(words)
        self.process.send_signal(signal.SIGHUP)
        end = time.monotonic() + tool.PATIENCE
        while self.log.count(words) == before:  # it lets nobody in between this line and the end of it
            assert time.monotonic() < end, "the server does not reload:\n" + self.log[-2000:]
            time.sleep(0.005)

    def own(self, path: pathlib.Path) -> None:
        """Give a file to the server's user, and to nobody else to read."""
        path.chmod(0o600)
        if self.user:
            os.chown(path, self.user["user"], self.user["group"])

    def freeze(self) -> None:
        """Stop the postmaster: the kernel still takes connections, nobody answers them."""
        assert self.process is not None
        self.process.send_signal(signal.SIGSTOP)

    def thaw(self) -> None:
        assert self.process is not None
        self.process.send_signal(signal.SIGCONT)

    def remove(self) -> None:
        self.stop()
        shutil.rmtree(self.folder, ignore_errors=True)
