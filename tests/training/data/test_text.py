"""Texts that came with a data set are bounded and explained, never trusted."""

import pytest

from training.data import text
from training.errors import DataError


def file(folder, content: bytes):
    path = folder / "list.csv"
    path.write_bytes(content)
    return path


def test_a_byte_order_mark_is_no_part_of_the_header(tmp_path):
    path = file(tmp_path, b"\xef\xbb\xbfname,label\r\na.wav,dog\r\n")
    assert text.csv_rows(path, ["name"]) == [{"name": "a.wav", "label": "dog"}]


def test_a_line_break_within_quotes_stays(tmp_path):
    path = file(tmp_path, b'name,label\n"a\nb",dog\n\n')
    assert text.csv_rows(path, ["name"]) == [{"name": "a\nb", "label": "dog"}]


@pytest.mark.parametrize(
    "content, message",
    [
        (b"", "columns are"),
        (b"label\ndog\n", "needed, each once: name"),
        (b"name,name\n1,2\n", "needed, each once: name"),
        (b"name\na,b\n", "row 2 has 2 fields; the header 1"),
        (b'name\n"a\n', "not CSV"),
        (b"name\n" + b"x" * 200_000, "not CSV: field larger"),
        ("name\nfaçade".encode("latin-1"), "not UTF-8 at byte 7"),
        ("name\nx".encode("utf-16"), "not UTF-8 at byte 0"),
    ],
)
def test_other_files_are_explained(tmp_path, content, message):
    with pytest.raises(DataError, match=message):
        text.csv_rows(file(tmp_path, content), ["name"])


def test_sizes_are_bounded(tmp_path):
    path = file(tmp_path, b"name\n" + b"a\n" * 10)
    with pytest.raises(DataError, match="25 bytes; allowed: at most 24"):
        text.read(path, max_bytes=24)
    with pytest.raises(DataError, match="more than the 9 rows"):
        text.csv_rows(path, ["name"], max_rows=9)


@pytest.mark.parametrize(
    "content, message",
    [
        (b"[1]", "a list; allowed: a JSON object"),
        (b"{", "not JSON"),
        (b"[" * 100_000, "not JSON"),
        (b"\xff{}", "not UTF-8"),
    ],
)
def test_other_json_is_explained(tmp_path, content, message):
    with pytest.raises(DataError, match=message):
        text.json_object(file(tmp_path, content))


def test_a_terminal_is_never_commanded():
    assert text.printable("\x1b[2Jcafé\r\n") == "?[2Jcafé??"


def test_lists_have_no_empty_lines(tmp_path):
    assert text.lines(file(tmp_path, b"a/1.wav\r\n\r\n b/2.wav\n")) == [
        "a/1.wav",
        "b/2.wav",
    ]
