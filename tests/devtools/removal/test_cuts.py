import pytest

from devtools.removal import cuts

PYTHON = """\
import a


@once
@twice(
    3,
)
def gone(
    b,
):
    if b:

        return a
    return b


def kept():
    call(
        b,
    )
    if gone:
        return 1
    return 2
"""
YAML = """\
groups:
  - name: first
    rules:
      - alert: Kept
        expr: a

      - alert: Gone
        expr: >-
          b
        labels: {c: d}

  - name: second
    rules: []
"""
JSON = """\
{
  "panels": [
    {
      "id": 1, "title": "Kept"
    },
    {
      "id": 2, "title": "Gone",
      "targets": [
        {"expr": "b"}
      ]
    }
  ]
}
"""
MARKDOWN = """\
# Title

One paragraph
that is gone.

| a | b |
|---|---|
| gone | c |
| kept | d |

- gone
  with this
- kept

## gone

Text.

### Beneath

## Kept
"""
EXAMPLE = """\
# --- One ---

# Explains
# at length.
#GONE=1
# Explains the other.
#KEPT=

# --- Two ---

# Explains.
#GONE_TOO=
"""


def on_one_line(text):
    return " ".join(text.split())


def test_a_function_goes_with_its_decorators_and_a_statement_with_what_is_beneath():
    left = cuts.cut("a.py", PYTHON, r"^def gone|if gone")
    assert on_one_line(left) == "import a def kept(): call( b, ) return 2"


def test_a_line_in_the_middle_takes_nothing_else_along():
    assert cuts.cut("a.py", "f(\n    1,\n    2,\n)\n", "1,") == "f(\n    2,\n)\n"
    assert cuts.cut("a.py", "@a\n@b\ndef f():\n    g()\n", "^@a") == "@b\ndef f():\n    g()\n"


def test_a_condition_of_a_shell_goes_to_its_end():
    text = 'if command; then\n  one\nelse\n  two\nfi\nprintf "done"\n'
    assert cuts.cut("run", text, "^if command") == 'printf "done"\n'


def test_a_target_goes_with_its_recipe():
    text = ".PHONY: a\na: b ## c\n\td\n\n.PHONY: e\ne:\n\tf\n"
    assert cuts.cut("Makefile", text, r"^(\.PHONY: )?a\b") == ".PHONY: e\ne:\n\tf\n"


@pytest.mark.parametrize("pattern", ["alert: Gone", "^          b$"])
def test_of_yaml_the_smallest_item_of_a_list_goes(pattern):
    left = cuts.cut("a.yml", YAML, pattern)
    assert on_one_line(left) == "groups: - name: first rules: - alert: Kept expr: a - name: second rules: []"


def test_of_json_an_object_goes_and_no_comma_is_left():
    left = cuts.cut("a.json", JSON, '"title": "Gone"')
    assert on_one_line(left) == '{ "panels": [ { "id": 1, "title": "Kept" } ] }'


def test_of_markdown_a_section_a_row_an_item_or_a_paragraph_goes():
    left = cuts.cut("a.md", MARKDOWN, "gone")
    assert left == "# Title\n\n| a | b |\n|---|---|\n| kept | d |\n\n- kept\n\n## Kept\n"


def test_a_setting_goes_with_its_explanation_and_a_heading_with_its_last_setting():
    left = cuts.cut(".env.example", EXAMPLE, "^#?GONE")
    assert left == "# --- One ---\n\n# Explains the other.\n#KEPT=\n"


def test_words_go_and_nothing_around_them():
    assert cuts.cut_words("A := one two\nB := two\n", "(?<=^A := one) two$") == "A := one\nB := two\n"


def test_of_what_words_find_a_group_may_stay():
    assert cuts.cut_words("A := one two three\n", "(?P<stays>^A :=.*) two") == "A := one three\n"
