from concurrent.futures import ThreadPoolExecutor

import pytest

from app.core.background.jobs import schedule
from app.core.background.jobs.queues import Queues
from app.core.background.jobs.tasks import Task
from app.core.data import redis_client

NOON = 1_767_268_800  # 2026-01-01 12:00:00 UTC


@pytest.mark.parametrize(
    ("every", "due"),
    [
        (300, NOON),
        (3_600, NOON),
        (7, NOON - NOON % 7),
        ("* * * * *", NOON),
        ("30 3 * * *", NOON - 8.5 * 3_600),
        ("0 12 31 12 *", NOON - 86_400),
    ],
)
def test_when_something_was_due_last(every, due):
    assert schedule.latest(every, NOON + 0.5) == due


@pytest.fixture
def queues(redis, create, monkeypatch):
    tasks = {
        "often": Task(print, "often", "default", 60, (), 60),
        "nightly": Task(print, "nightly", "default", 60, (), "0 3 * * *"),
        "elsewhere": Task(print, "elsewhere", "slow", 60, (), 60),
        "by hand": Task(print, "by hand", "default", 60, (), None),
    }
    monkeypatch.setattr(schedule, "TASKS", tasks)
    return Queues(redis_client.connect(create().config), "service")


def enqueued(queues, queue="default"):
    return [job.func_name for job in queues[queue].jobs]


def test_what_is_new_waits_for_its_next_time(queues):
    schedule.enqueue_due(queues, "default", NOON)
    assert enqueued(queues) == []
    schedule.enqueue_due(queues, "default", NOON + 59)
    assert enqueued(queues) == []
    schedule.enqueue_due(queues, "default", NOON + 60)
    assert enqueued(queues) == ["often"]


def test_what_was_missed_while_no_worker_ran_is_made_up_for_once(queues):
    schedule.enqueue_due(queues, "default", NOON)
    for _ in range(3):
        schedule.enqueue_due(queues, "default", NOON + 3 * 86_400)
    assert sorted(enqueued(queues)) == ["nightly", "often"]


def test_a_clock_that_is_behind_enqueues_nothing_a_second_time(queues):
    for now in (NOON, NOON + 60, NOON + 59, NOON + 1, NOON + 61):
        schedule.enqueue_due(queues, "default", now)
    assert enqueued(queues) == ["often"]


def test_only_the_tasks_of_the_queue_are_looked_after(queues):
    schedule.enqueue_due(queues, "slow", NOON)
    schedule.enqueue_due(queues, "slow", NOON + 60)
    assert (enqueued(queues), enqueued(queues, "slow")) == ([], ["elsewhere"])


def test_many_workers_at_the_same_moment_enqueue_it_once(queues):
    schedule.enqueue_due(queues, "default", NOON)
    for minute in range(1, 21):
        with ThreadPoolExecutor(8) as pool:
            list(pool.map(lambda _, now=NOON + 60 * minute: schedule.enqueue_due(queues, "default", now), range(8)))
        assert enqueued(queues) == ["often"] * minute
