"""A kubectl for the tests of `release` where there is no cluster: what reads files is the real one's, the rest is told.

Which commands came is written to `calls`, and the files that they applied are kept in `applied`. What is answered is in
`answers.json`: patterns of commands, with what each prints and its status. live/ tests that a real cluster takes these
commands so.
"""

import json
import os
import re
import shutil
import sys
from pathlib import Path

HOME = Path(os.environ["STANDIN"])
REAL = os.environ["STANDIN_KUBECTL"]


def main(arguments):
    if arguments[0] == "kustomize":
        os.execv(REAL, [REAL, *arguments])
    files = [Path(each.partition("=")[2]) for each in arguments if each.startswith("--filename=")]
    for path in files:
        shutil.copy(path, HOME / "applied")
    command = " ".join(arguments)
    for path in files:
        command = command.replace(str(path), path.name)
    with (HOME / "calls").open("a") as calls:
        calls.write(f"{command}\n")
    told = json.loads((HOME / "answers.json").read_text())
    for pattern, answers in told.items():
        if re.search(pattern, command):
            answer = answers[0]
            if len(answers) > 1:
                told[pattern] = answers[1:]
                (HOME / "answers.json").write_text(json.dumps(told))
            (sys.stderr if answer["status"] else sys.stdout).write(answer["says"])
            return answer["status"]
    return 0


sys.exit(main(sys.argv[1:]))
