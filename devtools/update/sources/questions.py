"""What a template asks whoever makes a service of it, and whether answers are meant for it."""

from collections.abc import Mapping

import yaml

from devtools import DevelopmentError
from devtools.project import words

FILE = "copier.yml"


def check(asked: str, answers: Mapping[str, str]) -> None:
    """Raise `DevelopmentError` for answers that nobody asks for in this text, and where yes or no is asked for a maybe.

    What else an answer has to be, copier looks at; of these it would take the one for nothing, the other for a yes.
    """
    questions = {name: question for name, question in yaml.safe_load(asked).items() if not name.startswith("_")}
    if unknown := sorted(set(answers) - set(questions)):
        raise DevelopmentError(
            f"nobody asks for {', '.join(unknown)}; the questions are {', '.join(sorted(questions))}"
        )
    unclear = [
        f"{name}={value}"
        for name, value in answers.items()
        if questions[name]["type"] == "bool" and value.lower() not in words.YES | words.NO
    ]
    if unclear:
        raise DevelopmentError(f"yes or no: {', '.join(unclear)}")
