"""The one pass: every chunk of the carrier to every consumer, once.

Takes the chunks of `Carrier.read`, gives nothing (the consumers hold what they learnt); relies on consumers that do
not block: hashing goes on in its own threads behind a bounded queue.
"""
from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Protocol

from carriers.model import Chunk


class Consumer(Protocol):
    """Something that listens to the chunks."""

    def consume(self, chunk: Chunk) -> None: ...


def one_pass(chunks: Iterable[Chunk], consumers: Sequence[Consumer], between: Callable[[int], None]) -> None:
    """Drive the chunks through the consumers.

    between: called with n when every read before the planned read n is complete, the one moment at which the state of
    all consumers may be saved; it may raise to stop the pass.
    """
    current = -1
    for chunk in chunks:
        if chunk.read_no != current:
            current = chunk.read_no
            between(current)
        for consumer in consumers:
            consumer.consume(chunk)
    between(current + 1)
