"""What MkDocs lacks for these pages: links that lead out of `docs/`, and a theme that says where it comes from.

MkDocs loads this by `hooks` in mkdocs.yml and calls the functions by their names.
"""

import logging
import posixpath
import re
from pathlib import Path
from typing import Any

PROJECT = Path(__file__).parents[1]
_OUTWARD = re.compile(r"\[(?P<text>[^\]]+)\]\((?P<target>(?:\.\./)+[^)#\s]*)(?:#[^)\s]*)?\)")
_log = logging.getLogger("mkdocs.hooks.site")


def on_page_markdown(markdown: str, page: Any, config: Any, **_: Any) -> str:
    """Return the page with links into the repository, which the site does not have, as links to where it is kept.

    Where mkdocs.yml names no `repo_url`, what is linked stays readable as text. A file that is not there is an error.
    """

    def outward(match: re.Match[str]) -> str:
        path = posixpath.normpath(posixpath.join("docs", posixpath.dirname(page.file.src_uri), match["target"]))
        if path.startswith("docs/"):
            return match[0]
        if not (PROJECT / path).exists():
            _log.warning("%s leads to %s, which is not there", page.file.src_uri, path)
        if config.repo_url:
            return f"[{match['text']}]({config.repo_url.rstrip('/')}/blob/HEAD/{path})"
        return match["text"] if path in match["text"] else f"{match['text']} (`{path}`)"

    return _OUTWARD.sub(outward, markdown)
