"""A kubectl for the tests of `release` where there is no cluster: what reads files is the real one's, the rest is told.

Which commands came is written to `calls`; what is answered is in `answers.json`: patterns of commands, and what each
prints, its status, or a list of both that is used up. That a real cluster takes these commands so is tested in live/.
"""

import json
import os
import re
import sys
from pathlib import Path

HOME = Path(os.environ["STANDIN"])
REAL = os.environ["STANDIN_KUBECTL"]


def main(arguments):
    if arguments[0] == "kustomize":
        os.execv(REAL, [REAL, *arguments])
    command = " ".join(each.partition("=")[0] if each.startswith("--filename") else each for each in arguments)
    with (HOME / "calls").open("a") as calls:
        calls.write(f"{command}\n")
    told = json.loads((HOME / "answers.json").read_text())
    for pattern, answers in told.items():
        if re.search(pattern, command):
            answer = answers[0]
            if len(answers) > 1:
                told[pattern] = answers[1:]
                (HOME / "answers.json").write_text(json.dumps(told))
            sys.stdout.write(answer["says"])
            return answer["status"]
    return 0


sys.exit(main(sys.argv[1:]))
