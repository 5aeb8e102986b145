"""Threads that do things ahead of time, a bounded number of them, in order.

Imports the standard library only; what is done belongs to the loader.
"""

from __future__ import annotations

import contextvars
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from itertools import islice
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from concurrent.futures import Future


def made_ahead(
    make: Callable[..., Any], tasks: Iterable[tuple[Any, ...]], workers: int, ahead: int
) -> Iterator[Any]:
    """``make(*task)`` for every task, in their order, at most ``ahead`` of them beforehand.

    Without workers each is made when it is asked for. Threads end with the iteration, also when
    that is given up; an error comes where its result would have.
    """
    if workers == 0:
        yield from (make(*task) for task in tasks)
        return
    from concurrent.futures import ThreadPoolExecutor  # loads what programs without do not need

    waiting = iter(tasks)
    pool = ThreadPoolExecutor(workers, thread_name_prefix="minitorch-data")
    begun: deque[Future[Any]] = deque()

    def begin(count: int) -> None:
        for task in islice(waiting, count):
            # A thread has no settings of the caller's, such as the backend, unless it is told.
            settings = contextvars.copy_context()
            begun.append(pool.submit(settings.run, make, *task))

    try:
        begin(ahead)
        while begun:
            result = begun.popleft().result()
            begin(1)
            yield result
    finally:
        pool.shutdown(wait=True, cancel_futures=True)
