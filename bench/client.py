"""A small load generator: keep-alive connections in one event loop, in a process of its own."""

import asyncio
import json
import statistics
import sys
import time
from collections import Counter
from dataclasses import dataclass, field
from typing import Any


@dataclass
class Result:
    """What came back: seconds in all, milliseconds of each answer, how many of each status."""

    seconds: float = 0.0
    latencies: list[float] = field(default_factory=list)
    statuses: Counter[int] = field(default_factory=Counter)
    created_at: list[float] = field(default_factory=list)

    def summary(self) -> dict[str, Any]:
        ordered = sorted(self.latencies)
        return {
            "requests": len(ordered),
            "per_second": round(len(ordered) / self.seconds, 1),
            "p50_ms": round(statistics.median(ordered), 2),
            "p95_ms": round(ordered[int(len(ordered) * 0.95)], 2),
            "p99_ms": round(ordered[int(len(ordered) * 0.99)], 2),
            "statuses": {str(code): n for code, n in sorted(self.statuses.items())},
            "seconds": round(self.seconds, 3),
            "created_after": [round(moment, 4) for moment in self.created_at],
        }


async def _send(port: int, jobs: "asyncio.Queue[dict[str, Any]]", result: Result, started: float) -> None:
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    while not jobs.empty():
        job = jobs.get_nowait()
        body = job.get("body", "").encode()
        head = f"{job['method']} {job['path']} HTTP/1.1\r\nHost: localhost\r\nContent-Length: {len(body)}\r\n"
        head += "".join(f"{name}: {value}\r\n" for name, value in job.get("headers", {}).items())
        began = time.perf_counter()
        writer.write(head.encode() + b"\r\n" + body)
        status = await _answer(reader)
        result.latencies.append((time.perf_counter() - began) * 1000)
        result.statuses[status] += 1
        if status == 201:
            result.created_at.append(time.perf_counter() - started)
    writer.close()


async def _answer(reader: asyncio.StreamReader) -> int:
    head = (await reader.readuntil(b"\r\n\r\n")).decode("latin1").lower()
    status = int(head.split(" ", 2)[1])
    if "content-length:" in head:
        await reader.readexactly(int(head.split("content-length:", 1)[1].split("\r\n", 1)[0]))
    elif "transfer-encoding: chunked" in head:
        while size := int(await reader.readuntil(b"\r\n"), 16):
            await reader.readexactly(size + 2)
        await reader.readuntil(b"\r\n")
    return status


async def run(port: int, jobs: list[dict[str, Any]], clients: int) -> Result:
    """Send every job once, `clients` at a time."""
    queue: asyncio.Queue[dict[str, Any]] = asyncio.Queue()
    for job in jobs:
        queue.put_nowait(job)
    result, started = Result(), time.perf_counter()
    await asyncio.gather(*[_send(port, queue, result, started) for _ in range(clients)])
    result.seconds = time.perf_counter() - started
    return result


if __name__ == "__main__":
    order = json.load(sys.stdin)
    print(json.dumps(asyncio.run(run(order["port"], order["jobs"], order["clients"])).summary()))
