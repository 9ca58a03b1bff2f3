"""Certificates for servers of tests: one authority, and what it signs, or somebody else does, by the command openssl.

    authority = Authority(folder)
    authority.sign("good")                      folder/good.crt, folder/good.key; for the host `localhost`
    authority.sign("old", until="20200102000000Z")
    authority.revoke("good")                    folder/revoked.crl

It must not know servers, nor who trusts whom.
"""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

HOST = "localhost"
KEY = ("-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes")
CONFIG = """
[ca]
default_ca = own
[own]
dir = .
database = index.txt
serial = serial
new_certs_dir = .
certificate = ca.crt
private_key = ca.key
default_md = sha256
default_days = 30
default_crl_days = 30
policy = any
unique_subject = no
copy_extensions = copy
[any]
commonName = supplied
"""


def is_there() -> bool:
    return shutil.which("openssl") is not None


class Authority:
    def __init__(self, folder: Path) -> None:
        self.folder = folder
        (folder / "config").write_text(CONFIG)
        (folder / "index.txt").touch()
        (folder / "serial").write_text("01\n")
        for name in ("ca", "stranger"):
            self.run("req", "-x509", *KEY, "-keyout", f"{name}.key", "-out", f"{name}.crt", "-days", "30", "-subj",
                     f"/CN={name} of the tests", "-addext", "keyUsage=critical,keyCertSign,cRLSign")

    def run(self, *words: str) -> None:
        done = subprocess.run(["openssl", *words], cwd=self.folder, text=True, capture_output=True, stdin=subprocess.DEVNULL)
        if done.returncode:
            raise RuntimeError(f"openssl {words[0]} ended with {done.returncode}: {done.stderr[-2000:]}")

    def sign(self, name: str, host: str = HOST, until: str | None = None) -> None:
        """Make a key and a certificate for a host; `until` is in openssl's form, and may be over."""
        self.run("req", *KEY, "-keyout", f"{name}.key", "-out", f"{name}.csr", "-subj", f"/CN={host}", "-addext",
                 f"subjectAltName=DNS:{host}")
        dates = ("-startdate", "20200101000000Z", "-enddate", until) if until else ()
        self.run("ca", "-batch", "-notext", "-config", "config", "-in", f"{name}.csr", "-out", f"{name}.crt", *dates)

    def sign_itself(self, name: str, host: str = HOST) -> None:
        """Make a certificate that nobody but its owner vouches for."""
        self.run("req", "-x509", *KEY, "-keyout", f"{name}.key", "-out", f"{name}.crt", "-days", "30", "-subj", f"/CN={host}",
                 "-addext", f"subjectAltName=DNS:{host}")

    def revoke(self, name: str) -> None:
        self.run("ca", "-config", "config", "-revoke", f"{name}.crt")
        self.run("ca", "-config", "config", "-gencrl", "-out", "revoked.crl")
