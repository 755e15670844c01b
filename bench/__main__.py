"""`python -m bench [SECTION...]` measures; `report` compares with what is stored; `store` stores the last runs."""

import argparse
import signal
import sys
from collections.abc import Callable, Iterator, Sequence
from datetime import UTC, datetime
from importlib.util import find_spec
from pathlib import Path

from bench import BenchmarkError
from bench.reporting import comparing, guide, machine, plot, runs, tables
from bench.reporting.findings import Findings
from bench.reporting.runs import Run
from bench.running import programs
from bench.running.place import PROJECT, RESULTS, Place, prepared
from bench.sections import error_reports, inprocess, memory, options, rows, served, starts, workers
from bench.sections.options import Options
from devtools import DevelopmentError

SECTIONS: dict[str, Callable[[Place, Options], Findings]] = {
    "inprocess": inprocess.run,
    "rows": rows.run,
    "served": served.run,
    "memory": memory.run,
    "starts": starts.run,
    "error_reports": error_reports.run,
    "workers": workers.run,
}
USUAL = [name for name in SECTIONS if name != "workers"]
REPORTED = [name for name in SECTIONS if name in {"inprocess", "rows"}]
STORED = PROJECT / "bench/results.json"
GUIDE = PROJECT / "docs/performance.md"
PICTURE = GUIDE.parent / guide.PICTURE


def measure(place: Place, sections: Sequence[str], chosen: Options) -> Iterator[tuple[str, Findings]]:
    """Measure the sections, print a line for each result, and yield each section's findings."""
    for name in sections:
        print(f"bench: {name}", file=sys.stderr)
        found = SECTIONS[name](place, chosen)
        for table in found.tables:
            print(*tables.spoken(table), sep="\n", flush=True)
        yield name, found


def bench(sections: Sequence[str], chosen: Options) -> None:
    """Measure, print the tables, and write the file from which `store` takes them."""
    for name in programs.PACKAGES:
        programs.find(name)
    if not find_spec("gevent"):
        print("bench: gevent is not installed, and left out: make bench installs it", file=sys.stderr)
    path = RESULTS / f"{datetime.now(UTC):%Y%m%d-%H%M%S}.json"
    with prepared() as place:
        run = Run(machine.about(place))
        for name, found in measure(place, sections, chosen):
            run.sections[name] = found
            run.write(path)  # what was measured is kept when a later section fails
    print(f"\n{guide.block(run)}\n\nWritten to {path}; `python -m bench store` puts it into the guide.")


def report(chosen: Options) -> None:
    """Measure briefly, and say how far from the stored ratios it is; slowness is no failure, a wrong answer is."""
    with prepared() as place:
        found = Run({}, dict(measure(place, REPORTED, chosen)))
    stored = runs.read(STORED).figures if STORED.exists() else {}
    print(*comparing.lines(found.figures, stored), sep="\n")


def store(kept: Path = RESULTS) -> None:
    """Store the newest findings of each section, with their picture, and put them into the guide."""
    files = sorted(kept.glob("*.json"))
    if not files:
        raise BenchmarkError("nothing has been measured yet: make bench")
    run = runs.merged([runs.read(path) for path in files])
    run.sections = {name: run.sections[name] for name in SECTIONS if name in run.sections}
    run.write(STORED)
    run = runs.read(STORED)  # with the digits that are kept
    PICTURE.write_text(plot.svg(run))
    guide.rewrite(GUIDE, run)
    print(f"stored {', '.join(run.sections)}")


def main(arguments: Sequence[str]) -> int:
    """Do what is asked; return an exit status: 1 when it could not be measured."""
    parser = argparse.ArgumentParser(prog="python -m bench", description=__doc__)
    parser.add_argument("what", nargs="*", type=_known, metavar="SECTION")
    parser.add_argument("--quick", action="store_true", help="very short rounds: whether it runs, not how fast")
    parser.add_argument("--long", action="store_true", help="more and longer rounds")
    asked = parser.parse_args(arguments)
    chosen = options.QUICK if asked.quick else options.LONG if asked.long else options.DEFAULT
    try:
        if asked.what == ["store"]:
            store()
        elif asked.what == ["report"]:
            report(options.QUICK if asked.quick else options.REPORT)
        else:
            bench(asked.what or USUAL, chosen)
    except KeyboardInterrupt:
        return 130  # as a shell has it
    except (BenchmarkError, DevelopmentError) as error:
        print(f"bench: {error}", file=sys.stderr)
        return 1
    return 0


def _known(what: str) -> str:
    if what not in {*SECTIONS, "report", "store"}:
        raise argparse.ArgumentTypeError(f"there are {', '.join(SECTIONS)}, and report and store")
    return what


if __name__ == "__main__":
    signal.signal(signal.SIGTERM, signal.default_int_handler)  # as Ctrl-C: what was started is taken down
    sys.exit(main(sys.argv[1:]))
