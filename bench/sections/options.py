"""How long the benchmark may take."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Options:
    """Rounds and their length; `generations` is how often processes start anew, for no two are laid out alike."""

    generations: int = 3
    rounds: int = 5
    call_seconds: float = 0.2
    load_seconds: float = 4.0
    load_rounds: int = 3
    starts: int = 9
    ratios_only: bool = False  # without what only explains them


DEFAULT = Options()
QUICK = Options(generations=1, rounds=2, call_seconds=0.02, load_seconds=1, load_rounds=1, starts=2)
REPORT = Options(generations=1, rounds=5, call_seconds=0.1, ratios_only=True)
LONG = Options(generations=5, rounds=9, load_seconds=10, load_rounds=5, starts=25)
