"""Which names a file of settings may hold, and what is said of the others."""

from collections.abc import Iterator, Mapping
from difflib import get_close_matches
from itertools import chain

from app.config.environments import ENVIRONMENTS
from app.config.setting import settings_of

HINTED = 0.8  # how alike two names are before one is suggested for the other
CERTAIN = 0.9  # and before it is taken for a slip of the pen; AWS_SECRET_KEY, say, is another program's


def known() -> set[str]:
    """Return all names that are read from a file, those of mounted secrets included."""
    declared = dict(chain.from_iterable(settings_of(cls).items() for cls in ENVIRONMENTS.values()))
    names = {setting.variable or name: setting for name, setting in declared.items()}
    return {"APP_ENV", *names, *(f"{name}_FILE" for name, setting in names.items() if setting.secret)}


def strangers(lines: Mapping[str, int], file: str, *, ours_alone: bool) -> Iterator[tuple[str, str]]:
    """Yield what no setting is called, and what to say; `lines` has the names of a file and where they stand.

    Where a file is not ours alone, an unknown name may be another program's: only
    a misspelt one is told. What is not in capitals is never repeated: it may be
    the rest of a secret that was pasted in two lines.
    """
    names = sorted(known())
    for name, number in lines.items():
        if name in names:
            continue
        place = f"line {number} of {file}"
        close = get_close_matches(name.upper(), names, n=1, cutoff=HINTED if ours_alone else CERTAIN)
        hint = f"; did you mean {close[0]}?" if close else ""
        if name == "APP_CONFIG_FILE":
            yield place, f"{name} is taken from the environment alone"
        elif close or ours_alone:
            yield (name, f"no such setting ({place}){hint}") if name.isupper() else (place, f"no such setting{hint}")
