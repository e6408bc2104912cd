"""A client that costs next to nothing: requests made once, sent over kept-open sockets.

boto3 alone needs more than two milliseconds of processor time a call; measured would be boto3.
Requests are sent at a fixed rate, and a latency counts from the moment at which its request was
due: a server that stalls does not get fewer requests for it.
"""

import json
import socket
import threading
import time
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

import numpy as np

_CREDENTIAL = "123456789012/20240101/us-east-1/personalize/aws4_request"


@dataclass(frozen=True)
class Load:
    """What a run of requests came to.

    Attributes:
        sent: Number of requests.
        failed: Of these, how many were not answered with 200.
        seconds: From the first request's due time to the last answer.
        latencies_ms: One per request, from when it was due; sorted.
    """

    sent: int
    failed: int
    seconds: float
    latencies_ms: Sequence[float]

    @property
    def rate(self) -> float:
        """Answers a second."""
        return self.sent / self.seconds

    def percentile(self, share: float) -> float:
        """Milliseconds within which this share of percent of the requests was answered."""
        return float(np.percentile(self.latencies_ms, share))


def make_request(endpoint: str, path: str, body: dict[str, Any]) -> bytes:
    """The bytes of one signed-looking request; the engine checks no signatures."""
    content = json.dumps(body).encode()
    head = (
        f"POST {path} HTTP/1.1\r\nHost: {urlsplit(endpoint).netloc}\r\n"
        f"Content-Type: application/json\r\nContent-Length: {len(content)}\r\n"
        f"Authorization: AWS4-HMAC-SHA256 Credential={_CREDENTIAL}, SignedHeaders=host,"
        " Signature=0\r\n\r\n"
    )
    return head.encode() + content


def send_at_rate(
    endpoint: str, requests: Sequence[bytes], rate: float | None, connections: int
) -> Load:
    """Send requests at a fixed rate over some connections.

    Args:
        endpoint: For example ``http://127.0.0.1:9000``.
        requests: In their order.
        rate: Requests a second; None sends the next as soon as a connection is free.
        connections: Sockets, each with a thread.
    """
    latencies = np.zeros(len(requests))
    failed, counter, lock = [0], [0], threading.Lock()
    start = time.perf_counter() + 0.05

    def work() -> None:
        place = urlsplit(endpoint)
        with socket.create_connection((place.hostname or "", place.port or 80)) as connection:
            connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            while True:
                with lock:
                    number = counter[0]
                    counter[0] += 1
                if number >= len(requests):
                    return
                due = start + number / rate if rate else time.perf_counter()
                time.sleep(max(0.0, due - time.perf_counter()))
                connection.sendall(requests[number])
                status = _read_answer(connection)
                latencies[number] = (time.perf_counter() - due) * 1000
                if status != 200:
                    failed[0] += 1

    threads = [threading.Thread(target=work) for _ in range(connections)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    seconds = time.perf_counter() - start
    return Load(len(requests), failed[0], seconds, np.sort(latencies).tolist())


def _read_answer(connection: socket.socket) -> int:
    data = b""
    while b"\r\n\r\n" not in data:
        chunk = connection.recv(65536)
        if not chunk:
            raise ConnectionError("the server closed the connection")
        data += chunk
    head, _, body = data.partition(b"\r\n\r\n")
    length = 0
    for line in head.split(b"\r\n")[1:]:
        name, _, value = line.partition(b":")
        if name.strip().lower() == b"content-length":
            length = int(value)
    while len(body) < length:
        body += connection.recv(65536)
    return int(head.split(b" ", 2)[1])
