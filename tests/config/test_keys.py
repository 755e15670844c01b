import secrets

import pytest

from app.config.keys import secret_key, secret_keys


@pytest.mark.parametrize("make", [secrets.token_hex, secrets.token_urlsafe])
def test_every_random_key_is_accepted(make):
    for _ in range(500):
        key = make(32)
        assert secret_key(key) == key


@pytest.mark.parametrize("key", ["x", "3.141592653589793238462643383", "fZ3" * 10])
def test_a_key_of_fewer_than_32_characters_is_refused_with_its_length_and_a_way_to_make_one(key):
    with pytest.raises(ValueError, match=rf"^{len(key)} characters; at least 32 .*secrets.token_hex") as refusal:
        secret_key(key)
    assert key not in str(refusal.value).replace("characters", "").replace("hex", "")


@pytest.mark.parametrize(
    "key",
    [
        "change-me-change-me-change-me-change-me",
        "CHANGEME-4cf20cc3c95e47b5a3ff1e3e9f23d6f2",
        "please replace this with a long random text",
        "django-insecure-8vh!w2q9^4z1x0m5k7j3",
        "your-secret-key-goes-here-0a1b2c3d4e5f",
        "the default key of the example, very long",
        "my-password-is-long-enough-to-be-32-long",
        "0123456789abcdef0123456789abcdef",
        "abcdefghijklmnopqrstuvwxyzabcdefgh",
        "192b9bdd22ab9ed4d12e236c78afcb9a393ec15f71bbf5dc987d54727823bcbf",
        "a" * 64,
        "abcabcabcabcabcabcabcabcabcabcabcabc",
    ],
)
def test_a_key_that_others_know_or_can_guess_is_refused_without_repeating_it(key):
    with pytest.raises(ValueError, match="well-known or guessable") as refusal:
        secret_key(key)
    assert key not in str(refusal.value)


def test_former_keys_are_a_list_and_each_is_held_to_the_same_rules():
    first, second = secrets.token_hex(32), secrets.token_hex(32)
    assert secret_keys(f"{first}, {second}") == [first, second]
    with pytest.raises(ValueError, match="5 characters"):
        secret_keys(f"{first} short")
