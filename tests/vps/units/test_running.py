"""Crashes are mended and lose what was in flight alone; who is told to stop finishes; absent stores end nobody."""

import pytest

from tests.vps.units.instance import (
    NOTE,
    asking,
    held,
    in_background,
    is_over,
    main_process,
    somebody_waits,
    until,
    web,
)

pytestmark = pytest.mark.vps


def test_a_restart_finishes_what_is_in_flight_and_lets_the_others_wait(service):
    unit = web(service)
    with held(service, "notes"):
        in_background(service, "writer", f"{asking(service, '/v1/notes')} {NOTE}")
        until(lambda: somebody_waits(service))
        service.machine.run(f"systemctl --no-block restart {unit}")
        until(lambda: service.show(unit, "ActiveState") == {"ActiveState": "deactivating"})
        in_background(service, "reader", asking(service, "/v1/ping"))
    until(lambda: is_over(service, "reader"))
    assert service.machine.run("cat /run/writer /run/reader").stdout.split() == ["201", "200"]


@pytest.mark.parametrize("whom", ["the master", "a worker"])
def test_a_killed_process_is_replaced_and_only_what_was_in_flight_is_lost(service, whom):
    visitors = 4
    loop = f"for n in $(seq 50); do {asking(service, '/v1/ping')}; done"
    in_background(service, "visitors", f"for v in $(seq {visitors}); do ({loop}) & done; wait")
    until(lambda: len(service.machine.run("cat /run/visitors").stdout.split()) > 20)
    victim = main_process(service, web(service))
    if whom == "a worker":
        victim = service.machine.run(f"pgrep -P {victim} | head -1").stdout.strip()
    service.machine.run(f"kill -9 {victim}")
    until(lambda: is_over(service, "visitors"))
    answers = service.machine.run("cat /run/visitors").stdout.split()
    assert len(answers) == 50 * visitors
    assert sum(answer != "200" for answer in answers) <= visitors
    assert service.machine.run(f"kill -0 {victim}", check=False).returncode != 0
    service.wait_until_ready()


def test_a_frozen_instance_is_replaced(service):
    frozen = main_process(service, web(service))
    service.machine.run(f"systemctl kill --signal=STOP {web(service)}")
    service.machine.run("systemctl start slipway-health.service", check=False)
    service.wait_until_ready()
    assert main_process(service, web(service)) != frozen


def test_an_instance_that_has_started_since_it_was_asked_is_not_taken_for_a_frozen_one(service):
    """A start that takes long, all units at once: it did not answer because it was not there."""
    run, unit = service.machine.run, web(service)
    run(f"systemctl stop slipway-health.timer && systemctl start slipway-health.service && systemctl restart {unit}")
    assert run("SERVICE_RESULT=exit-code /usr/local/lib/slipway/health act").stdout == ""
    run("systemctl start slipway-health.service")
    assert f"{unit} has not answered" in run("SERVICE_RESULT=exit-code /usr/local/lib/slipway/health act").stdout


def test_a_crash_while_the_stores_are_away_is_mended_and_they_are_waited_for(service):
    unit, machine = web(service), service.machine
    machine.run("systemctl stop postgresql.service redis-server@slipway.service")
    crashed = main_process(service, unit)
    machine.run(f"kill -9 {crashed}")
    mended = until(lambda: (now := main_process(service, unit)) not in {"0", crashed} and now)
    until(lambda: service.show(unit, "ActiveState") == {"ActiveState": "active"})
    assert machine.run(asking(service, "/readyz")).stdout.strip() == "503"
    machine.run("systemctl start postgresql.service redis-server@slipway.service")
    service.wait_until_ready()
    assert main_process(service, unit) == mended
