"""Writes that keep the interpreter to themselves: none of these calls can wait, so no other thread needs it meanwhile.

Python's own let another thread have it at each call, and to get it back costs 20 us and more when threads are busy:
with the calls of a line, more than all the rest of a request.
"""

import ctypes
import errno
import os
import socket
import stat

_F_ULOCK, _F_TLOCK = 0, 2  # unistd.h: unlock; lock if nobody else has
_libc = ctypes.PyDLL(None, use_errno=True)
_libc.lockf.argtypes = (ctypes.c_int, ctypes.c_int, ctypes.c_long)
_libc.write.argtypes = (ctypes.c_int, ctypes.c_char_p, ctypes.c_size_t)
_libc.send.argtypes = (*_libc.write.argtypes, ctypes.c_int)
_libc.write.restype = _libc.send.restype = ctypes.c_ssize_t


class Brisk:
    """A pipe or socket that is written to if nobody else is writing, and if there is room."""

    def __init__(self, descriptor: int) -> None:
        """Look at what `descriptor` is; raises `OSError` for what cannot be written to in this way, such as a file."""
        mode = os.fstat(descriptor).st_mode
        self._is_socket = stat.S_ISSOCK(mode)
        if not self._is_socket and not stat.S_ISFIFO(mode):
            raise OSError(errno.ENOTSUP, "neither a pipe nor a socket")
        # A way of our own into the pipe: whether writing waits is otherwise a matter of all who have this one.
        self._descriptor = (
            descriptor
            if self._is_socket
            else os.open(f"/dev/fd/{descriptor}", os.O_WRONLY | os.O_NONBLOCK | os.O_CLOEXEC)
        )

    def write(self, data: bytes) -> int:
        """Write at most 4 KiB (PIPE_BUF), and return how many bytes: all, or none if that would take waiting.

        Raises `OSError` as `os.write` does, when nobody will ever read it.
        """
        if _libc.lockf(self._descriptor, _F_TLOCK, 0):
            return 0
        try:
            written: int = self._write(data)
            code = ctypes.get_errno()
        finally:
            _libc.lockf(self._descriptor, _F_ULOCK, 0)
        if written >= 0:
            return written
        if code == errno.EAGAIN:
            return 0
        raise OSError(code, os.strerror(code))

    def _write(self, data: bytes) -> int:
        if self._is_socket:
            return int(_libc.send(self._descriptor, data, len(data), socket.MSG_DONTWAIT))
        return int(_libc.write(self._descriptor, data, len(data)))
