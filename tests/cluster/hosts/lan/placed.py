"""A shipped file as an operator puts it onto a machine here: with these addresses, and below a folder."""

import re
import subprocess

from tests.cluster.hosts.lan.network import PREFIX
from tests.conftest import PROJECT

EXAMPLE = "10.0.0"


def placed(path, folder, places=None, **changes):
    """Return a file of deploy/ with the addresses of this network, and other `places` for the paths it names.

    Each of `changes` is a line that is there once, by what it sets, and its new value; None takes it out.
    """
    text = (PROJECT / "deploy" / path).read_text().replace(f"{EXAMPLE}.", f"{PREFIX}.")
    for old, new in (places or {}).items():
        assert old in text, f"{path} does not name {old}"
        text = text.replace(old, str(new))
    for name, value in changes.items():
        line = re.compile(rf"^{name}( *=? *).*\n", re.MULTILINE)
        assert len(line.findall(text)) == 1, f"{path} does not set {name} once"
        text = line.sub("" if value is None else rf"{name}\g<1>{value}\n", text)
    written = folder / path.rpartition("/")[2]
    written.write_text(text)
    return written


def certified(folder, address):
    """Make a certificate for a machine, which vouches for itself, and its key; return the two files."""
    certificate, key = folder / "fullchain.pem", folder / "key.pem"
    kind = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-noenc", "-days", "2"]
    names = ["-subj", f"/CN={address}", "-addext", f"subjectAltName=IP:{address}"]
    command = ["openssl", "req", "-x509", *kind, *names, "-out", certificate, "-keyout", key]
    subprocess.run(command, check=True, capture_output=True)
    return certificate, key
