import pytest

from app.config.sources import read_secret, read_settings


@pytest.fixture
def write(tmp_path):
    """A function that writes a file and returns its path."""

    def write(content):
        path = tmp_path / "given"
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
        return path

    return write


@pytest.mark.parametrize("content", ["s3cret", "s3cret\n", "s3cret\r\n", "  s3cret \n\n"])
def test_white_space_around_a_secret_is_not_part_of_it(write, content):
    assert read_secret(str(write(content))) == "s3cret"


def test_white_space_inside_a_secret_is_part_of_it(write):
    assert read_secret(str(write("correct horse\n"))) == "correct horse"


@pytest.mark.parametrize("content", ["", "\n", " \t\n"])
def test_an_empty_secret_is_refused(write, content):
    with pytest.raises(ValueError, match="its file is empty"):
        read_secret(str(write(content)))


def test_a_secret_that_is_not_text_is_refused(write):
    with pytest.raises(ValueError, match="it is not UTF-8 text"):
        read_secret(str(write(b"\xff\xfe\x00s3cret")))


def test_a_secret_that_cannot_be_read_is_refused_with_the_reason(tmp_path):
    with pytest.raises(ValueError, match="No such file or directory"):
        read_secret(str(tmp_path / "nothing"))
    with pytest.raises(ValueError, match="Is a directory"):
        read_secret(str(tmp_path))


@pytest.mark.parametrize(
    ("line", "value"),
    [
        ("A=plain", "plain"),
        ("export A=plain", "plain"),
        ("  A=plain  ", "plain"),
        ("A='single quoted # $HOME'", "single quoted # $HOME"),
        ('A="double quoted"', "double quoted"),
        ("A=plain # a comment", "plain"),
        ("A=postgresql://u:p@h/db?a=b", "postgresql://u:p@h/db?a=b"),
        ("A=$HOME", "$HOME"),
        ("A=", ""),
        ("A=first\nA=last", "last"),
        ("A=windows\r", "windows"),
    ],
)
def test_a_line_is_read_as_a_shell_reads_it_but_nothing_is_expanded(write, line, value):
    said = read_settings(write(line))
    assert (said.values, said.problems) == ({"A": value}, [])


def test_comments_and_empty_lines_say_nothing(write):
    assert read_settings(write("# A=1\n\n   \n#\n")) == ({}, {}, [])


def test_each_name_is_found_at_its_last_line(write):
    assert read_settings(write("# first\nA=1\n\nB=2\nA=3\n")).lines == {"A": 5, "B": 4}


@pytest.mark.parametrize("line", ["A", "A B", "=value", "1A=value", "A-B=value", "A = value", "A=two words", "A='open"])
def test_a_line_that_is_no_setting_is_reported_by_its_number_without_repeating_it(write, line):
    said = read_settings(write(f"OK=1\n{line}\nALSO=2\n"))
    assert said.values == {"OK": "1", "ALSO": "2"}
    assert said.problems == ["line 2 of given is not NAME=value; spaces need quotes"]


def test_a_file_that_cannot_be_read_is_reported(tmp_path, write):
    assert read_settings(tmp_path / "nothing").problems == ["its file cannot be read (No such file or directory)"]
    assert read_settings(write(b"A=\xff")) == ({}, {}, ["its file cannot be read (it is not UTF-8 text)"])
