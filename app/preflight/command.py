"""The command: what it is given, what is looked at, and the status with which it ends."""

import os
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Never

import click

from app.config.addresses import host, origin
from app.preflight import answers, edge, inside, output
from app.preflight.asking.arriving import arrive
from app.preflight.asking.site import Site
from app.preflight.checks import NoAnswerError, checks_in
from app.preflight.inside.here import BACKUPS, Here
from app.preflight.running import Report, run

TO_MEND, NOT_ASKED = 1, 2

_PORTS = click.IntRange(1, 65_535)


class Https(click.ParamType[str]):
    """An address of scheme https, host and perhaps a port."""

    name = "url"

    def convert(self, value: str, param: click.Parameter | None, ctx: click.Context | None) -> str:
        """Return it as PUBLIC_URL has it."""
        try:
            url = origin(value)
        except ValueError as error:
            self.fail(str(error), param, ctx)
        if not url.startswith("https://"):
            self.fail("a service in public is asked over TLS: https://...", param, ctx)
        return url.removesuffix(":443").rstrip("/")


class Address(click.ParamType[str]):
    """A host name or an address."""

    name = "address"

    def convert(self, value: str, param: click.Parameter | None, ctx: click.Context | None) -> str:
        """Return it without the brackets of IPv6."""
        try:
            return host(value).strip("[]")
        except ValueError as error:
            self.fail(str(error), param, ctx)


class Telling(click.Command):
    """A command whose refusals programs can read as well, if they have asked for JSON."""

    def make_context(
        self, info_name: str | None, args: list[str], parent: click.Context | None = None, **extra: Any
    ) -> click.Context:
        """Return the context of options that make sense."""
        as_json = "--json" in args
        try:
            return super().make_context(info_name, args, parent, **extra)
        except click.UsageError as error:
            if not as_json:
                raise
            _give_up(error.format_message(), as_json=True)


@click.command(cls=Telling)
@click.option("--url", type=Https(), help="The public address of a deployment; it is asked from here.")
@click.option("--json", "as_json", is_flag=True, help="For programs.")
@click.option("--address", type=Address(), help="Where to connect, whatever DNS says of the host.")
@click.option("--http-port", type=_PORTS, help="Where plain HTTP is answered; 80 if the URL has no port.")
@click.option(
    "--cacert", type=click.Path(exists=True, dir_okay=False), help="Trust what these certificates have signed."
)
@click.option("--page", default="/", show_default=True, help="The page to look at, and whose links to follow.")
@click.option("--timeout", default=10, show_default=True, type=click.IntRange(1, 300), help="Seconds for one answer.")
@click.option("--deadline", default=120, show_default=True, type=click.IntRange(1, 3600), help="Seconds for all.")
@click.option("--instances", default=2, show_default=True, type=click.IntRange(1, 1000), help="How many run at once.")
@click.option("--backups", default=BACKUPS, type=click.Path(path_type=Path), help="Where figures of backups are.")
@click.option("--checks", "listed", is_flag=True, help="Print what is checked, and end.")
def preflight(*, listed: bool, as_json: bool, **options: Any) -> None:
    """Check a deployment against the production checklist, and say what to mend.

    With --url the service is asked from outside, as anybody could. Without it, its settings on this machine are
    looked at, and what they lead to: database, Redis, backups, versions. Both, where PUBLIC_URL is that URL.

    Exit status: 0 if there is nothing to mend (warnings of severity low allowed), 1 if there is, 2 if the service could
    not be asked.
    """
    if listed:
        checks = [*checks_in(edge, answers), *checks_in(inside)]
        click.echo(output.list_as_json(checks) if as_json else output.table(checks))
        return
    looked_at = options["url"] or "this machine"
    try:
        report, here = examine(os.environ, **options)
    except NoAnswerError as silence:
        _give_up(str(silence), looked_at, as_json=as_json)
    colour = sys.stdout.isatty() and not os.environ.get("NO_COLOR")
    told = output.as_json(report, looked_at) if as_json else output.as_text(report, looked_at, colour=colour)
    click.echo(here.without_secrets(told), color=colour)
    sys.exit(TO_MEND if report.to_mend else 0)


def examine(
    environ: Mapping[str, str], *, url: str | None, instances: int, backups: Path, **asking: Any
) -> tuple[Report, Here]:
    """Return what was found; raises `NoAnswerError` when there is nothing at the address to be asked."""
    report, here = Report(), Here(environ, instances=instances, backups=backups)
    outside, own = checks_in(edge, answers), checks_in(inside)
    if url:
        site = Site(url, **_of_a_site(asking))
        arrive(site)
        run(outside, site, report)
    else:
        report.leave_out(outside, "it is seen from outside", "flask preflight --url https://...")
    if not url or here.public_url == url:
        run(own, here, report)
        here.close()
    else:
        reason = "the settings here are not of that address"
        report.leave_out(own, reason, "flask preflight, where the service runs and with its settings")
    report.sort()
    return report, here


def _of_a_site(options: dict[str, Any]) -> dict[str, Any]:
    names = {"address": "address", "http_port": "http_port", "cacert": "cafile", "page": "home"}
    named = {argument: options[option] for option, argument in names.items()}
    return {**named, "seconds": options["timeout"], "deadline": options["deadline"]}


def _give_up(reason: str, looked_at: str | None = None, *, as_json: bool) -> Never:
    if as_json:
        click.echo(output.reason_as_json(reason, looked_at))
    click.echo(f"preflight: {reason}", err=True)
    sys.exit(NOT_ASKED)
