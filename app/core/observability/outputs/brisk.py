"""System calls that keep the interpreter to themselves: none of these can wait, so no other thread needs it meanwhile.

Python's own let another thread have it at each call, and to get it back costs 20 us and more when threads are busy:
with the four calls of a line, more than all the rest of a request.
"""

import ctypes
import os
import select

_F_ULOCK, _F_TLOCK = 0, 2  # unistd.h: unlock; lock if nobody else has
_libc = ctypes.PyDLL(None, use_errno=True)


class _Poll(ctypes.Structure):
    _fields_ = (("fd", ctypes.c_int), ("events", ctypes.c_short), ("revents", ctypes.c_short))


_libc.lockf.argtypes = (ctypes.c_int, ctypes.c_int, ctypes.c_long)
_libc.poll.argtypes = (ctypes.POINTER(_Poll), ctypes.c_ulong, ctypes.c_int)
_libc.write.argtypes = (ctypes.c_int, ctypes.c_char_p, ctypes.c_size_t)
_libc.write.restype = ctypes.c_ssize_t


class BriskPipe:
    """A pipe that is written to if nobody else is writing, and if there is room."""

    def __init__(self, descriptor: int) -> None:
        self._descriptor = descriptor
        self._poll = _Poll(descriptor, select.POLLOUT)

    def write(self, data: bytes) -> bool:
        """Write at most 4 KiB (PIPE_BUF), or nothing; return whether it is written. Raises `OSError` as `os.write`."""
        if _libc.lockf(self._descriptor, _F_TLOCK, 0):
            return False
        try:
            if _libc.poll(self._poll, 1, 0) != 1 or self._poll.revents != select.POLLOUT:
                return False
            if _libc.write(self._descriptor, data, len(data)) < 0:
                raise OSError(ctypes.get_errno(), os.strerror(ctypes.get_errno()))
        finally:
            _libc.lockf(self._descriptor, _F_ULOCK, 0)
        return True
