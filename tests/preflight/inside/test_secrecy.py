import secrets
import tempfile
from pathlib import Path

import pytest

from app.preflight.inside import secrecy
from tests.preflight.looking import found, passes


@pytest.fixture
def open_folder():
    """A folder that everybody may enter, as /etc is one."""
    with tempfile.TemporaryDirectory() as name:
        Path(name).chmod(0o755)
        yield Path(name)


def test_a_key_that_was_made_by_chance_passes(here):
    assert passes(secrecy.strength, here())


def test_keys_that_are_made_by_chance_are_hardly_ever_taken_for_others():
    made = [secrets.token_hex(16) for _ in range(1_000)]
    weak = [key for key in made if len(key) * secrecy.entropy(key) < secrecy.FEWEST_BITS]
    assert len(weak) < 5


@pytest.mark.parametrize("key", ["f3a91c7e" * 8, "aaaaaaaabbbbbbbbccccccccddddddddeeeeffgh"])
def test_a_key_that_repeats_itself_is_found(key, here):
    [said] = found(secrecy.strength, here(SECRET_KEY=key))
    assert said.startswith("high: SECRET_KEY repeats itself")


def test_a_key_that_was_not_changed_is_found(here):
    key = secrets.token_hex(32)
    said = found(secrecy.strength, here(SECRET_KEY=key, SECRET_KEY_FALLBACKS=key))
    assert said == ["medium: SECRET_KEY is among SECRET_KEY_FALLBACKS: it was not changed."]


def test_a_key_that_is_a_password_as_well_is_found(here):
    key = secrets.token_hex(32)
    said = found(secrecy.strength, here(SECRET_KEY=key, DATABASE_URL=f"postgresql://app:{key}@127.0.0.1/db"))
    assert said == ["high: SECRET_KEY is a password as well."]


def key_in(folder, mode):
    path = folder / "secret_key"
    path.write_text(secrets.token_hex(32))
    path.chmod(mode)
    return path


def test_a_file_that_only_its_owner_reads_passes(here, open_folder):
    path = key_in(open_folder, 0o600)
    assert passes(secrecy.files, here(SECRET_KEY=None, SECRET_KEY_FILE=str(path)))


def test_a_file_that_everybody_reads_is_found(here, open_folder):
    path = key_in(open_folder, 0o644)
    [said] = found(secrecy.files, here(SECRET_KEY=None, SECRET_KEY_FILE=str(path)))
    assert said == f"high: {path}, which SECRET_KEY_FILE names, can be read by everybody."


def test_a_file_in_a_folder_that_nobody_enters_passes(here, open_folder):
    path = key_in(open_folder, 0o644)
    open_folder.chmod(0o700)
    assert passes(secrecy.files, here(SECRET_KEY=None, SECRET_KEY_FILE=str(path)))


def test_open_settings_are_well_without_a_secret_and_found_with_one(here, open_folder):
    path = open_folder / "settings"
    path.write_text("WEB_THREADS=2\nREDIS_URL=unix:///run/redis.sock\n")
    path.chmod(0o644)
    assert passes(secrecy.files, here(APP_CONFIG_FILE=str(path)))
    path.write_text(f"SECRET_KEY={secrets.token_hex(32)}\n")
    [said] = found(secrecy.files, here(APP_CONFIG_FILE=str(path), SECRET_KEY=None))
    assert "which APP_CONFIG_FILE names" in said
    path.write_text("REDIS_URL=redis://:password@127.0.0.1/0\n")
    assert len(found(secrecy.files, here(APP_CONFIG_FILE=str(path), REDIS_URL=None))) == 1
