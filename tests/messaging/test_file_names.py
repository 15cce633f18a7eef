"""Names of files: harmless in every place where they are shown, and still the sender's."""

from __future__ import annotations

import unicodedata

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from stockent.messaging.file_names import MAX_NAME_BYTES, safe_name

ANY_TEXT = st.text(st.characters(codec=None), max_size=400)


@pytest.mark.parametrize(
    ("given_name", "kept"),
    [
        ("Angebot Müller & Söhne (2).pdf", "Angebot Müller & Söhne (2).pdf"),
        ("报价单.xlsx", "报价单.xlsx"),
        ("İstanbul'da şöför.docx", "İstanbul'da şöför.docx"),
        ("👩‍💻 plan.png", "👩‍💻 plan.png"),
        ("می‌خواهم.txt", "می‌خواهم.txt"),
        ("archive.tar.gz", "archive.tar.gz"),
        ("100%.txt", "100%.txt"),
        ("../../etc/passwd", "_.._etc_passwd"),
        ("C:\\Windows\\system32\\cmd.exe", "C__Windows_system32_cmd.exe"),
        ("..", "file"),
        (" . ", "file"),
        ("", "file"),
        (".htaccess", "htaccess"),
        ("report.pdf.", "report.pdf"),
        ("report.exe . .", "report.exe"),
        ("a\r\nSet-Cookie: x=1.txt", "a Set-Cookie_ x=1.txt"),
        ("a\0b\x1b[31m\x7f.txt", "ab[31m.txt"),
        ("a\tb   c.txt", "a b c.txt"),
        ("invoice\u202efdp.exe", "invoicefdp.exe"),
        ("\u2066a\u2069\u200e\u200f\u061c\ufeff\u200b.txt", "a.txt"),
        ("photo.jpg" + "\u2800" * 40 + ".exe", "photo.jpg .exe"),
        ("photo.exe\u200d", "photo.exe"),
        ('q"u<o>t|e?*.txt', "q_u_o_t_e__.txt"),
        ("CON", "_CON"),
        ("nul.txt", "_nul.txt"),
        ("console.txt", "console.txt"),
        ("\ud800lone.txt", "lone.txt"),
        ("cafe\u0301.txt", "café.txt"),
    ],
)
def test_a_name_stays_readable_and_leads_nowhere(given_name: str, kept: str) -> None:
    assert safe_name(given_name) == kept


@pytest.mark.parametrize("letter", ["a", "ü", "字", "👩", "e\u0301"])
def test_a_long_name_is_cut_before_its_extension(letter: str) -> None:
    name = safe_name(letter * 50_000 + ".html")
    assert name.endswith(".html")
    assert MAX_NAME_BYTES - 4 <= len(name.encode()) <= MAX_NAME_BYTES
    assert set(name.removesuffix(".html")) <= set(unicodedata.normalize("NFC", letter))


def test_what_is_no_extension_is_cut_too() -> None:
    assert len(safe_name("a." + "b" * 1_000)) == MAX_NAME_BYTES


@given(ANY_TEXT)
@example("e\u202e\u0301" * 100)
@example("\u0958" * 100)
def test_any_text_gives_a_name_that_is_short_of_one_line_and_stays_the_same(text: str) -> None:
    name = safe_name(text)
    assert 0 < len(name.encode()) <= MAX_NAME_BYTES
    assert not set(name) & set('/\\:*?"<>|')
    assert name not in (".", "..")
    categories = {unicodedata.category(char) for char in name.replace("\u200c", "").replace("\u200d", "")}
    assert not categories & {"Cc", "Cf", "Cs", "Zl", "Zp"}
    assert safe_name(name) == name


@given(ANY_TEXT, st.sampled_from(["exe", "html", "svg", "pdf", "js"]))
def test_the_extension_is_always_last_and_always_seen(stem: str, extension: str) -> None:
    name = safe_name(f"{stem}.{extension}")
    assert name.rpartition(".")[2].removeprefix("_") == extension
