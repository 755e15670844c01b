"""Redis: it answers, never throws a job away, and writes down what must survive its restart."""

from collections.abc import Iterator
from typing import Any

from app.preflight.checks import NotHereError, Wrong, check
from app.preflight.inside.here import Here

ANSWER_SECONDS = 5


@check(
    "redis",
    "high",
    promise="Redis answers, where one is named.",
    why="Jobs wait, limits do not hold, and what is cached is computed anew.",
)
def redis(here: Here) -> Iterator[Wrong]:
    """Ask it something."""
    from app.core.data.redis_client import failures  # noqa: PLC0415  it is imported by who has one

    try:
        _info(here)
    except failures() as error:
        yield Wrong(f"It does not: {error}.", "redis-cli with REDIS_URL, from here.")


@check(
    "redis-eviction",
    "high",
    promise="Redis never evicts: a full one refuses to write.",
    why="A job that waits is as good to throw away as a cached value; nobody would know.",
)
def eviction(here: Here) -> Iterator[Wrong]:
    """Look at its policy, and whether it has a bound at all."""
    info = _answered(here)
    mend = "maxmemory and maxmemory-policy noeviction, as deploy/redis/slipway.conf has them."
    if info.get("maxmemory_policy", "noeviction") != "noeviction":
        yield Wrong(f"maxmemory-policy is {info['maxmemory_policy']}.", mend)
    if info.get("maxmemory") == 0:
        yield Wrong("maxmemory is not set: it grows until the machine ends it.", mend, "low")


@check(
    "redis-persistence",
    "medium",
    promise="Redis writes each change to its disk, and can.",
    why="Jobs that wait, and sessions, are gone when it is restarted.",
)
def persistence(here: Here) -> Iterator[Wrong]:
    """Look at what it says of its files."""
    info = _answered(here)
    if "aof_enabled" not in info:
        raise NotHereError("this Redis does not tell (INFO persistence)", "ask whoever runs it")
    if not info["aof_enabled"]:
        yield Wrong("appendonly is off: up to an hour is lost.", "appendonly yes, as deploy/redis/slipway.conf has it.")
    for name in ("aof_last_write_status", "aof_last_bgrewrite_status", "rdb_last_bgsave_status"):
        if info.get(name, "ok") != "ok":
            yield Wrong(f"{name} is {info[name]}.", "Its log says why; often the disk is full.", "high")


def _info(here: Here) -> dict[str, Any]:
    if not here.config["REDIS_URL"]:
        raise NotHereError("off: REDIS_URL is not set", "set it for jobs, limits and what is cached for all")
    from app.core.data.redis_client import connect  # noqa: PLC0415  as above

    with connect(here.config, ANSWER_SECONDS) as client:
        return dict(client.info("all"))


def _answered(here: Here) -> dict[str, Any]:
    from app.core.data.redis_client import failures  # noqa: PLC0415  as above

    try:
        return _info(here)
    except failures() as error:
        raise NotHereError("Redis does not answer", "mend the finding of `redis` first") from error
