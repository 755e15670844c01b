"""Copies of a template at one of its versions, with answers; Copier makes them."""

import subprocess
import warnings
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from devtools import DevelopmentError


def copied(template: str, ref: str, answers: Mapping[str, Any], folder: Path, *, ask: bool = False) -> None:
    """Make a service in `folder`, asking for what has no answer if `ask`, else by the defaults.

    Raises `DevelopmentError` with what is wrong with an answer or the folder, and leaves nothing behind.
    """
    # Only who makes services or updates one has it installed.
    from copier import Settings, run_copy  # noqa: PLC0415
    from copier.errors import CopierAnswersInterrupt, CopierError  # noqa: PLC0415

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            # Settings of the user's own must not decide what a former version was.
            run_copy(
                template,
                folder,
                dict(answers),
                vcs_ref=ref,
                defaults=not ask,
                unsafe=True,
                quiet=True,
                settings=Settings(),
            )
        except subprocess.CalledProcessError as error:  # the task has said why
            raise DevelopmentError(f"nothing was made in {folder}") from error
        except CopierAnswersInterrupt:
            raise KeyboardInterrupt from None  # its text would be all of the answers
        except (CopierError, ValueError) as error:
            raise DevelopmentError(str(error)) from error
        except OSError as error:
            raise DevelopmentError(f"{error.filename or folder} cannot be written: {error.strerror}") from error
