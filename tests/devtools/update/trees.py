"""Small trees under git, for tests of what an update does with them."""

from pathlib import Path

from devtools.project.git import git

AS_SOMEBODY = ("-c", "user.name=test", "-c", "user.email=test@example.org")


def written(folder: Path, files: dict[str, str]) -> Path:
    """Write files, by path."""
    for name, text in files.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text)
    return folder


def committed(folder: Path, files: dict[str, str], message: str = "all") -> Path:
    """Write files into a repository, made if it is not there, and commit all."""
    written(folder, files)
    if not (folder / ".git").exists():
        git(folder, "init", "--quiet")
    git(folder, "add", "--all")
    git(folder, *AS_SOMEBODY, "commit", "--quiet", "--allow-empty", f"--message={message}")
    return folder
