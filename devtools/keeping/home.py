"""The folder in which the server's account can keep its data: the state folder, or a private one elsewhere.

Root may work in a place such as /root, which `nobody` cannot enter. The data is then in a directory of its
own below /var/tmp. Two links tie it to the state folder, one in each direction: a moved checkout finds its
data again, and a copied one does not take its original's.
"""

import hashlib
import os
import shutil
import stat
from pathlib import Path

from devtools import DevelopmentError
from devtools.keeping.account import Account, name_of

ELSEWHERE = Path("/var/tmp")  # noqa: S108  survives a reboot; what we make there is checked before use
LINK = "elsewhere"
BACK = "checkout"


def find(folder: Path, account: Account) -> Path:
    """Return the folder for what the account must reach, created if necessary."""
    elsewhere = _remembered(folder)
    if elsewhere is None and account.may_enter(folder):
        return folder
    elsewhere = elsewhere or _default(folder)
    _make_private(elsewhere, account)
    _link(elsewhere / BACK, folder)
    _link(folder / LINK, elsewhere)
    return elsewhere


def remove(folder: Path) -> None:
    """Remove the private directory of this state folder, if it has one."""
    elsewhere = _remembered(folder) or _default(folder)
    if elsewhere.is_dir() and _is_ours(elsewhere):
        shutil.rmtree(elsewhere)


def _default(folder: Path) -> Path:
    return ELSEWHERE / f"devtools-{hashlib.sha256(os.fsencode(folder)).hexdigest()[:16]}"


def _remembered(folder: Path) -> Path | None:
    try:
        elsewhere = (folder / LINK).readlink()
        owner = (elsewhere / BACK).readlink()
    except OSError:
        return None
    is_copy = owner != folder and owner.exists()
    return None if is_copy or not _is_ours(elsewhere) else elsewhere


def _make_private(elsewhere: Path, account: Account) -> None:
    elsewhere.mkdir(mode=0o700, exist_ok=True)
    if not _is_ours(elsewhere):
        owner = name_of(elsewhere.lstat().st_uid)
        raise DevelopmentError(f"{elsewhere} was not made by these tools (owner: {owner}): remove it")
    # The account may pass through, and nobody else may do anything.
    os.chown(elsewhere, -1, account.identity["group"])
    elsewhere.chmod(0o710)


def _is_ours(elsewhere: Path) -> bool:
    # Anyone may put a directory or a link of this name into /var/tmp before us, but not in our name.
    found = elsewhere.lstat()
    return stat.S_ISDIR(found.st_mode) and found.st_uid == os.geteuid() and not found.st_mode & 0o022


def _link(link: Path, target: Path) -> None:
    link.unlink(missing_ok=True)
    link.symlink_to(target)
