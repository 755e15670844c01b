import pytest

from devtools.removal import sections


@pytest.mark.parametrize(
    ("text", "left"),
    [
        ("# A\n\n| a | b |\n|---|---|\n\nText.\n", "# A\n\nText.\n"),
        ("# A\n\n| a | b |\n|---|---|\n| c | d |\n", "# A\n\n| a | b |\n|---|---|\n| c | d |\n"),
        ("# A\n\n## B\n\n## C\n\nText.\n", "# A\n\n## C\n\nText.\n"),
        ("# A\n\n## B\n\n### C\n\n### D\n\n## E\n\nText.\n", "# A\n\n## E\n\nText.\n"),
        ("# A\n\n## B\n\n### C\n\nText.\n", "# A\n\n## B\n\n### C\n\nText.\n"),
        (
            "# A\n\n- [B](#b)\n- [C d!](#c-d), too\n\n## C d!\n\nText.\n",
            "# A\n\n- [C d!](#c-d), too\n\n## C d!\n\nText.\n",
        ),
        ("# A\n\nOnce:\n\n```sh\n```\n\nText.\n", "# A\n\nOnce:\n\nText.\n"),
        ("# A\n\n## B\n\n```sh\n## no heading\n```\n", "# A\n\n## B\n\n```sh\n## no heading\n```\n"),
        ("# A\n\n\n\nText.\n\n```python\na\n\n\nb\n```\n", "# A\n\nText.\n\n```python\na\n\n\nb\n```\n"),
    ],
)
def test_what_has_become_empty_goes_with_what_leads_to_it(text, left):
    assert sections.without_empty(text) == left
