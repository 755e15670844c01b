"""The code in the guides, which their tests run as it is written."""

import re

from tests.conftest import PROJECT


def written(guide, part):
    """Run the code under a heading of the guide, and return what it defines."""
    text = (PROJECT / "docs" / guide).read_text()
    [section] = re.findall(rf"^## {part}\n(.*?)(?=^## |\Z)", text, re.MULTILINE | re.DOTALL)
    [code] = re.findall(r"```python\n(.*?)```", section, re.DOTALL)
    namespace = {"__name__": "guide"}
    exec(compile(code, f"docs/{guide}, {part}", "exec"), namespace)
    return namespace
