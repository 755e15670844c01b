"""What a process in the sandbox of a unit achieves: run there, it prints the outcome of each attempt."""

import ctypes
import errno
import json
import mmap
import os
import socket
import subprocess
import sys
from pathlib import Path


def append(path):
    with Path(path).open("a") as file:
        file.write("\n")


def execute(path):
    Path(path).write_text("#!/bin/sh\nexit 0\n")
    Path(path).chmod(0o700)
    subprocess.run([path], check=True)


def call(name, *arguments):
    if getattr(ctypes.CDLL(None, use_errno=True), name)(*arguments):
        raise OSError(ctypes.get_errno(), name)


FORBIDDEN = {
    "change the code": lambda: append("wsgi.py"),
    "change the settings": lambda: append("/etc/slipway/settings"),
    "change the system": lambda: append("/usr/local/lib/slipway/probe"),
    "write where others look": lambda: append("/var/lib/slipway/probe"),
    "read the stored secrets": lambda: Path("/etc/slipway/secrets/secret_key").read_text(),
    "read the backups": lambda: next(Path("/var/backups/slipway").iterdir(), None),
    "remove another instance's socket": lambda: Path("/run/slipway/other/web.sock").unlink(),
    "open a network socket": lambda: socket.create_server(("127.0.0.1", 0)),
    "look at other processes": lambda: Path("/proc/1/stat").read_text(),
    "execute what it has written": lambda: execute("/tmp/probe"),
    "execute it from memory": lambda: execute("/dev/shm/probe"),
    "execute it in its own folder": lambda: execute("/run/slipway/probe/probe"),
    "make code": lambda: mmap.mmap(-1, 4096, prot=mmap.PROT_WRITE | mmap.PROT_EXEC),
    "become root": lambda: os.setuid(0),
    "make namespaces": lambda: call("unshare", 0x04000000),  # CLONE_NEWUTS of linux/sched.h
    "mount": lambda: call("mount", b"none", b"/tmp", b"tmpfs", 0, None),
}
ALLOWED = {
    "write temporary files": lambda: append("/tmp/written"),
    "keep heartbeats in memory": lambda: append("/dev/shm/written"),
    "reach PostgreSQL": lambda: socket.socket(socket.AF_UNIX).connect("/run/postgresql/.s.PGSQL.5432"),
    "reach Redis": lambda: socket.socket(socket.AF_UNIX).connect("/run/redis-slipway/redis.sock"),
}


def outcome(attempt):
    try:
        attempt()
    except OSError as error:
        return errno.errorcode[error.errno]
    return "done"


if __name__ == "__main__":
    json.dump({name: outcome(attempt) for name, attempt in (FORBIDDEN | ALLOWED).items()}, sys.stdout)
