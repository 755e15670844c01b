"""The first question: whether there is such a service at all, before its promises are looked at."""

import ssl

from app.preflight.asking.connection import reason
from app.preflight.asking.site import Site
from app.preflight.checks import NoAnswerError

BEHIND_A_PROXY = {502, 503, 504}


def arrive(site: Site) -> None:
    """Find the service at its address, and note what is wrong with its certificate.

    Raises `NoAnswerError` with why it is not there.
    """
    try:
        site.over_tls(site.trusting).close()
    except ssl.SSLCertVerificationError as error:
        site.distrust = error.verify_message
    except ssl.SSLError as error:
        raise NoAnswerError(f"{site.name} does not speak TLS there: {reason(error)}") from error
    answer = site.ask("/healthz", headers={"Accept": "application/json"})
    if answer.header("Location"):
        raise NoAnswerError(f"{answer}: name the address that serves")
    if answer.status in BEHIND_A_PROXY:
        raise NoAnswerError(f"{answer}: nothing answers behind the proxy")
    if "status" not in answer.json():
        raise NoAnswerError(f"{answer}: that is no service of this kind")
