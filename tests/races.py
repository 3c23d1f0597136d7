"""Jobs that start in the same moment, each thread with its own connection."""

import threading
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import Any

from django.db import connection

from linlingtong.core.refusal import Refusal

THREADS = 12


def at_once(jobs: Sequence[Callable[[], Any]], threads: int = THREADS) -> list[Any]:
    """The answers (or refusals) of jobs that start together and share some threads, in the order of the jobs.

    A job that breaks ends no thread, because the others may wait for its next one; it is raised when all are done.
    """
    gate = threading.Barrier(threads)
    answers: list[Any] = [None] * len(jobs)

    def work(thread: int) -> None:
        gate.wait()
        try:
            for at in range(thread, len(jobs), threads):
                answers[at] = _answer(jobs[at])
        finally:
            connection.close()

    with ThreadPoolExecutor(threads) as pool:
        list(pool.map(work, range(threads)))
    for answer in answers:
        if isinstance(answer, Exception) and not isinstance(answer, Refusal):
            raise answer
    return answers


def in_step(groups: Sequence[Sequence[Callable[[], Any]]]) -> list[Any]:
    """The answers of jobs in groups (of two or four); those of one group start in the same moment."""

    def tap(step: threading.Barrier, job: Callable[[], Any]) -> Any:
        step.wait()
        return job()

    jobs = []
    for group in groups:
        step = threading.Barrier(len(group))
        jobs += [partial(tap, step, job) for job in group]
    return at_once(jobs, threads=8)


def _answer(job: Callable[[], Any]) -> Any:
    try:
        return job()
    except Exception as error:  # noqa: BLE001 - raised by whoever started the threads
        return error
