"""`python -m devtools.reference` writes the pages anew and says which have changed."""

from devtools.reference import FOLDER, PAGES


def main() -> None:
    """Write each page that differs from the code."""
    FOLDER.mkdir(exist_ok=True)
    for name, page in PAGES.items():
        path, text = FOLDER / name, page()
        if not path.exists() or path.read_text() != text:
            path.write_text(text)
            print(f"written docs/reference/{name}")


main()
