"""PgBouncer of one test's own, in front of a server: each transaction gets another of its few connections.

It must not know clients, nor what is tested.
"""

from __future__ import annotations

import os
import pathlib
import shutil
import socket
import subprocess
import tempfile
import time

from postgresql_server import ENVIRONMENT, LOOPBACK, Server, tool

CONFIG = """
[databases]
postgres = host={server.folder} port={server.port}
[pgbouncer]
listen_addr = 127.0.0.1
listen_port = {port}
unix_socket_dir =
auth_type = trust
auth_file = {folder}/users
admin_users = postgres
"""


def program() -> str | None:
    """Debian keeps it out of the PATH of those who are not root."""
    return shutil.which("pgbouncer", path=os.pathsep.join([os.environ.get("PATH", os.defpath), "/usr/sbin"]))


class Pooler:
    """Until `remove`.

    Args:
        server: behind it.
        settings: of the section [pgbouncer]; win over those above.
    """

    def __init__(self, server: Server, **settings: object) -> None:
        self.user = server.user  # it refuses to run as root
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="takeo-pooler-", dir="/tmp"))
        self.folder.chmod(0o755)
        self.port: int = tool.free_port()
        self.process: subprocess.Popen[bytes] | None = None
        words = "".join(f"{name} = {value}\n" for name, value in settings.items())
        (self.folder / "users").write_text('"postgres" ""\n')
        (self.folder / "pgbouncer.ini").write_text(CONFIG.format(server=server, port=self.port, folder=self.folder) + words)
        try:
            self._start()
        except BaseException:
            self.remove()
            raise

    def __enter__(self) -> Pooler:
        return self

    def __exit__(self, *raised: object) -> None:
        self.remove()

    @property
    def log(self) -> str:
        return (self.folder / "log").read_text(errors="replace")

    def _start(self) -> None:
        found = program()
        assert found is not None
        with open(self.folder / "log", "ab") as log:
            # setpriv: it ends with this process, even one that is killed.
            self.process = subprocess.Popen(
                ["setpriv", "--pdeathsig", "KILL", found, str(self.folder / "pgbouncer.ini")],
                cwd=self.folder, stdin=subprocess.DEVNULL, stdout=log, stderr=log, env=ENVIRONMENT, **self.user)
        end = time.monotonic() + tool.PATIENCE
        while not self._listens():
            if self.process.poll() is not None or time.monotonic() > end:
                raise RuntimeError("PgBouncer does not start:\n" + self.log[-2000:])
            time.sleep(0.01)

    def _listens(self) -> bool:
        with socket.socket() as client:
            return client.connect_ex((LOOPBACK, self.port)) == 0

    def remove(self) -> None:
        if self.process is not None:
            self.process.kill()
            self.process.wait()
        shutil.rmtree(self.folder, ignore_errors=True)
