"""A TCP proxy between a client and a server, for the faults of networks: links that end in the middle of a message, in
good order or not, that stand still, are slow, or swallow what they are sent.

    with Proxy(("127.0.0.1", 5432)) as proxy:
        proxy.cut(DOWN, after=17)         the server's 17th byte from now on is the last one that arrives
        proxy.cut(UP, after=0, how=RST)   the client's next byte does not arrive, and it gets a reset
        proxy.end()                       every link ends now
        proxy.stall(DOWN)                 nothing arrives any more, and no link ends
        proxy.inject(DOWN, 1, b"lies")    with the server's next byte come four that it has not sent
        proxy.throttle(DOWN, 1, 0.1)      one byte in 100 ms
        proxy.hold_first(0.02)            new links do not carry anything up for 20 ms
        proxy.heal()                      as nothing had been; links that were cut stay cut

Bytes are counted for each link from the moment at which the rule was made.  It must not know what is said over a link.
"""

from __future__ import annotations

import socket
import struct
import threading
import time
from dataclasses import dataclass, field
from typing import Any

UP = "up"  # from client to server
DOWN = "down"
FIN = "fin"
RST = "rst"
CHUNK = 65536
SLICE = 0.005  # how often a link that stands still looks whether it is healed


@dataclass
class Rule:
    """What happens in one direction of every link."""

    direction: str
    after: int = 0  # bytes that still pass
    how: str = ""  # FIN or RST: then the link ends; empty: it stands still
    lies: bytes = b""  # sent along with the last of these bytes; after them the link is well again
    is_slow: bool = False
    step: int = 1  # bytes at once of a slow link, and seconds between
    pause: float = 0.0
    passed: dict[int, int] = field(default_factory=dict)  # by number of the link


class Link:
    """One client's connection and the one that was made to the server for it."""

    def __init__(self, proxy: Proxy, number: int, client: socket.socket, server: socket.socket) -> None:
        self.proxy = proxy
        self.number = number
        self.ends = {UP: (client, server), DOWN: (server, client)}
        self.bytes = {UP: 0, DOWN: 0}
        self.is_over = False
        self.lock = threading.Lock()

    def end(self, how: str) -> None:
        """The client sees the end of a stream, or a reset; the server an end."""
        with self.lock:
            if self.is_over:
                return
            self.is_over = True
            client, server = self.ends[UP]
            if how == RST:
                client.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
                _shut(client, socket.SHUT_RD)  # says nothing, but whoever reads lets go of it
                client.close()
            else:
                _shut(client)  # closed with bytes unread, it would be a reset
            _shut(server)
            server.close()

    def pump(self, direction: str) -> None:
        source, target = self.ends[direction]
        try:
            while not self.is_over:
                data = source.recv(CHUNK)
                if not data:
                    break
                self.carry(direction, data, target)
            if not self.is_over:
                target.shutdown(socket.SHUT_WR)
        except OSError:
            self.end(FIN)

    def carry(self, direction: str, data: bytes, target: socket.socket) -> None:
        while data and not self.is_over:
            rule = self.proxy.rules.get(direction)
            if rule is None:
                passing = data
            elif rule.is_slow:
                passing = data[: rule.step]
                time.sleep(rule.pause)
            else:
                passing = data[: max(0, rule.after - rule.passed.get(self.number, 0))]
            if passing:
                self.bytes[direction] += len(passing)  # before whoever gets them may look
                data = data[len(passing) :]
                if rule is not None and rule.lies:
                    passing += rule.lies
                    del self.proxy.rules[direction]
                target.sendall(passing)
            if rule is None or rule.is_slow:
                continue
            rule.passed[self.number] = rule.passed.get(self.number, 0) + len(passing)
            if rule.passed[self.number] < rule.after:
                continue
            if rule.how:
                self.end(rule.how)
            elif data:
                time.sleep(SLICE)


class Proxy:
    """Listens on a port of its own until `close`."""

    def __init__(self, target: tuple[str, int]) -> None:
        self.target = target
        self.rules: dict[str, Rule] = {}
        self.links: list[Link] = []
        self.delay = 0.0
        self.is_closed = False
        self.listener = socket.create_server(("127.0.0.1", 0), backlog=128)
        self.port: int = self.listener.getsockname()[1]
        threading.Thread(target=self._accept, daemon=True).start()

    def __enter__(self) -> Proxy:
        return self

    def __exit__(self, *raised: Any) -> None:
        self.close()

    def _accept(self) -> None:
        while not self.is_closed:
            try:
                client, _ = self.listener.accept()
            except OSError:
                return
            threading.Thread(target=self._connect, args=(client,), daemon=True).start()

    def _connect(self, client: socket.socket) -> None:
        if self.delay:
            time.sleep(self.delay)
        try:
            server = socket.create_connection(self.target)
        except OSError:  # as the kernel of a machine without a server
            client.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            client.close()
            return
        for end in (client, server):
            end.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        link = Link(self, len(self.links), client, server)
        self.links.append(link)
        up = threading.Thread(target=link.pump, args=(UP,), daemon=True)
        up.start()
        link.pump(DOWN)
        up.join()
        for end in (client, server):
            end.close()

    # ---- rules: one for each direction
    def cut(self, direction: str, after: int, how: str = FIN) -> None:
        self.rules[direction] = Rule(direction, after, how)

    def end(self, how: str = FIN) -> None:
        for link in self.links:
            link.end(how)

    def stall(self, direction: str, after: int = 0) -> None:
        self.rules[direction] = Rule(direction, after)

    def inject(self, direction: str, after: int, lies: bytes) -> None:
        self.rules[direction] = Rule(direction, after, lies=lies)

    def throttle(self, direction: str, step: int, pause: float) -> None:
        self.rules[direction] = Rule(direction, is_slow=True, step=step, pause=pause)

    def hold_first(self, delay: float) -> None:
        self.delay = delay

    def heal(self) -> None:
        self.rules.clear()
        self.delay = 0.0

    def close(self) -> None:
        self.is_closed = True
        _shut(self.listener)
        self.listener.close()
        self.heal()
        self.end()

    def count(self, direction: str) -> int:
        """Bytes that were carried so far."""
        return sum(link.bytes[direction] for link in self.links)


def _shut(end: socket.socket, how: int = socket.SHUT_RDWR) -> None:
    try:
        end.shutdown(how)
    except OSError:
        pass
