"""Locks on files (flock(2)), which the kernel gives back however their holder ends.

A lock belongs to the open file: a child that inherits the descriptor holds the lock too. Python's
descriptors are not inherited unless `pass_fds` says so.
"""

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from devtools import DevelopmentError


def acquire(path: Path) -> int:
    """Wait until nobody else holds the lock; return the descriptor that holds it."""
    descriptor = _open(path)
    fcntl.flock(descriptor, fcntl.LOCK_EX)
    return descriptor


def acquire_now(path: Path) -> int | None:
    """Return a descriptor that holds the lock, or None if somebody else has it."""
    descriptor = _open(path)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        os.close(descriptor)
        return None
    return descriptor


def is_held(path: Path) -> bool:
    """Tell whether anyone holds the lock, alone or shared."""
    descriptor = acquire_now(path)
    if descriptor is not None:
        os.close(descriptor)
    return descriptor is None


def is_shared(path: Path) -> bool:
    """Tell whether the lock is held by those who share it, rather than by one or by none."""
    if not is_held(path):
        return False
    with _closing(path) as descriptor:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_SH | fcntl.LOCK_NB)
        except BlockingIOError:
            return False
    return True


@contextmanager
def exclusive(path: Path) -> Iterator[None]:
    """Hold the lock alone inside the block."""
    with _closing(path) as descriptor:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield


@contextmanager
def shared(path: Path) -> Iterator[None]:
    """Hold the lock inside the block together with others who share it."""
    with _closing(path) as descriptor:
        fcntl.flock(descriptor, fcntl.LOCK_SH)
        yield


@contextmanager
def _closing(path: Path) -> Iterator[int]:
    descriptor = _open(path)
    try:
        yield descriptor
    finally:
        # Not left to close(): a copy in a forked child would keep the lock.
        fcntl.flock(descriptor, fcntl.LOCK_UN)
        os.close(descriptor)


def _open(path: Path) -> int:
    try:
        return os.open(path, os.O_RDONLY | os.O_CREAT, 0o600)
    except PermissionError as error:
        raise DevelopmentError(
            f"{path.parent} belongs to another user: run as that user, or remove it (as root: make clean)"
        ) from error
