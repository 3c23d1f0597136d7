"""Residents with phones: each asks again after a lost connection or a 503, until there is an answer."""

import asyncio
import contextlib
import json
import random
import time
from collections import Counter
from collections.abc import Coroutine
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import Any, TypeVar

T = TypeVar("T")
ANSWER_SECONDS = 15
PATIENCE_SECONDS = 240
WAIT_AT_MOST = 2.0


@dataclass
class Told:
    """What the residents were told: the answer of each by position, and when; how often they had to ask again."""

    port: int
    answers: dict[int, dict[str, Any]] = field(default_factory=dict)
    moments: list[float] = field(default_factory=list)
    again: Counter[str] = field(default_factory=Counter)
    refused: Counter[str] = field(default_factory=Counter)
    seconds: float = 0.0

    def longest_silence(self) -> float:
        """The longest time in which nobody got an answer."""
        return max((b - a for a, b in zip(self.moments, self.moments[1:], strict=False)), default=0.0)


@dataclass(frozen=True)
class Reply:
    status: int
    headers: dict[str, str]
    body: dict[str, Any]


def played(scene: Coroutine[Any, Any, T]) -> T:
    """What the scene answers; in a thread of its own, because a browser's loop may be running in this one."""
    with ThreadPoolExecutor(1) as stage:
        return stage.submit(asyncio.run, scene).result()


async def rush(port: int, path: str, tokens: list[str], at_once: int) -> Told:
    """Every token sends one idempotent PUT, `at_once` connections at a time."""
    told, began = Told(port), time.monotonic()
    queue = iter(enumerate(tokens))

    async def phone() -> None:
        for number, token in queue:
            await _until_answered(told, path, number, token)
            told.moments.append(time.monotonic() - began)

    await asyncio.gather(*[phone() for _ in range(at_once)])
    told.seconds = time.monotonic() - began
    return told


async def _until_answered(told: Told, path: str, number: int, token: str) -> None:
    deadline, tries = time.monotonic() + PATIENCE_SECONDS, 0
    while time.monotonic() < deadline:
        tries += 1
        try:
            reply = await asyncio.wait_for(put(told.port, path, token), ANSWER_SECONDS)
        except (OSError, TimeoutError, asyncio.IncompleteReadError, ValueError) as error:
            told.again[type(error).__name__] += 1
            await asyncio.sleep(_pause(tries, 0.1))
            continue
        if reply.status in {200, 201}:
            told.answers[number] = reply.body
            return
        if reply.status not in {429, 503}:
            told.refused[f"{reply.status} {reply.body.get('code', '')}"] += 1
            return
        told.again[str(reply.status)] += 1
        await asyncio.sleep(_pause(tries, float(reply.headers.get("retry-after", "0.2"))))
    told.refused["no answer"] += 1


def _pause(tries: int, least: float) -> float:
    return min(WAIT_AT_MOST, max(least, 0.1 * 2.0**tries)) * random.uniform(0.5, 1.0)  # noqa: S311 - jitter, not a secret


async def put(port: int, path: str, token: str) -> Reply:
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    try:
        head = f"PUT {path} HTTP/1.1\r\nHost: localhost\r\nX-Session-Token: {token}\r\nConnection: close\r\n"
        writer.write(f"{head}Content-Type: application/json\r\nContent-Length: 2\r\n\r\n{{}}".encode())
        return await _read(reader)
    finally:
        writer.close()
        with contextlib.suppress(OSError):
            await writer.wait_closed()


async def _read(reader: asyncio.StreamReader) -> Reply:
    first, *lines = (await reader.readuntil(b"\r\n\r\n")).decode("latin1").split("\r\n")
    pairs = (line.partition(":") for line in lines if line)
    headers = {name.lower(): value.strip() for name, _, value in pairs}
    body = await reader.readexactly(int(headers["content-length"]))
    return Reply(int(first.split(" ")[1]), headers, json.loads(body))
