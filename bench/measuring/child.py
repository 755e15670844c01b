"""`python -m bench.measuring.child MODULE:NAME DESCRIPTOR` holds one application, and measures it when it is told to.

Each line of standard input is a request in JSON, each line at the descriptor its result. Standard output is the
application's, for its log.
"""

import json
import os
import sys
from dataclasses import asdict
from importlib import import_module
from typing import Any

from bench.measuring.calls import Caller


def main(application: str, descriptor: str) -> None:
    """Serve until standard input ends."""
    module, _, name = application.partition(":")
    caller = Caller(getattr(import_module(module), name))
    with os.fdopen(int(descriptor), "w") as results:
        for line in sys.stdin:
            print(json.dumps(_perform(caller, json.loads(line))), file=results, flush=True)


def _perform(caller: Caller, request: dict[str, Any]) -> Any:
    if "count" in request:
        return caller.seconds(request["paths"], request["count"])
    return asdict(caller.answer(request["path"]))


if __name__ == "__main__":
    main(*sys.argv[1:])
