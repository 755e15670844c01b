"""Secrets: made by chance, each for one purpose, and in files that others cannot read."""

import math
import stat
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

from app.config import Config
from app.config.setting import settings_of
from app.config.sources import read_settings
from app.preflight.checks import Wrong, check
from app.preflight.inside.here import Here

FEWEST_BITS = 100  # 32 random hexadecimal digits have 115 or more by this measure, hardly ever fewer
MAKE_ONE = (
    'Make one: python -c "import secrets; print(secrets.token_hex(32))"; the former goes into SECRET_KEY_FALLBACKS.'
)


@check(
    "secret-strength",
    "high",
    promise="The key that signs cookies is made by chance, and used for nothing else.",
    why="Who guesses it signs sessions of his own, as anybody.",
)
def strength(here: Here) -> Iterator[Wrong]:
    """Measure how much chance its characters leave; what is short or well known is refused at start already."""
    key = str(here.config["SECRET_KEY"])
    bits = round(len(key) * entropy(key))
    if bits < FEWEST_BITS or any(part in key for part in _repeated(key)):
        yield Wrong(f"SECRET_KEY repeats itself: it is worth {bits} bits at most.", MAKE_ONE)
    if key in here.config["SECRET_KEY_FALLBACKS"]:
        yield Wrong("SECRET_KEY is among SECRET_KEY_FALLBACKS: it was not changed.", MAKE_ONE, "medium")
    if any(key in str(here.config.get(name) or "") for name in ("DATABASE_URL", "REDIS_URL")):
        yield Wrong("SECRET_KEY is a password as well.", MAKE_ONE)


def entropy(text: str) -> float:
    """Return the bits of each character, if they came by chance as often as they do (Shannon)."""
    shares = [count / len(text) for count in Counter(text).values()]
    return -sum(share * math.log2(share) for share in shares)


def _repeated(key: str) -> list[str]:
    """Return what is there twice, and longer than chance makes it."""
    return [key[:at] * 2 for at in range(4, len(key) // 2 + 1)]


@check(
    "secret-files",
    "high",
    promise="Files with secrets cannot be read by other users of the machine.",
    why="Any process of the machine, however little it may do, could take them.",
)
def files(here: Here) -> Iterator[Wrong]:
    """Look at the files that variables name, and at the file of settings if it holds a secret."""
    secrets = {declared.variable or name for name, declared in settings_of(Config).items() if declared.secret}
    environ = here.environ
    named = {f"{name}_FILE": Path(environ[f"{name}_FILE"]) for name in sorted(secrets) if environ.get(f"{name}_FILE")}
    config_file = Path(environ.get("APP_CONFIG_FILE", ""))
    said = read_settings(config_file).values if config_file.is_file() else {}
    if any(_is_secret(said[name]) for name in secrets & said.keys()):
        named["APP_CONFIG_FILE"] = config_file
    for name, path in named.items():
        if _is_open(path):
            yield Wrong(f"{path}, which {name} names, can be read by everybody.", f"chmod o-rwx {path}")


def _is_secret(value: str) -> bool:
    """Whether it has to be hidden; the address of a socket without a password need not be."""
    return bool(value) and ("://" not in value or bool(urlsplit(value).password))


def _is_open(path: Path) -> bool:
    try:
        return bool(path.stat().st_mode & stat.S_IROTH) and all(
            parent.stat().st_mode & stat.S_IXOTH for parent in path.absolute().parents
        )
    except OSError:
        return False
