"""Raw files with every trap: what editors, exports and broken pipes leave in files of lines.

The traps are written by hand, a field or a line each; a seeded generator mixes them with valid
lines, so that one file of a few thousand lines meets them in any neighbourhood.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

import numpy as np

from personalize_assets.core.cleaning import CleaningRules
from personalize_assets.core.movielens import Layout
from personalize_assets.core.movielens.formats import MOVIES, RATINGS, USERS, FileFormat
from personalize_assets.core.tables import TableSource
from personalize_assets.spark.order import Dataset
from personalize_assets_tests.benchmarks.bench_cleaning import DIRTY

BOM: Final = b"\xef\xbb\xbf"
KNOWN_MOVIES: Final = [str(number) for number in range(1, 41)]
KNOWN_SKUS: Final = ["a", "b", "sku,1", "Zoë", "\U0001f3ac", "007", "\\"]

IDS: Final = [
    *(b"7", b"12", b"0", b"999999999999999999", b"1000000000000000000", b"-1", b"+7", b" 7", b"7 "),
    *(b"007", b"7.0", b"0x1F", b"1e3", b"NaN", b"", b"\xd9\xa3", b"\x00", b"7\r", b"\xff", b'"7"'),
]
RATING_VALUES: Final = [
    *(
        b"4.0",
        b"3",
        b"0.5",
        b"5.000000",
        b"5.000001",
        b"0.499999",
        b"5.5",
        b"0",
        b"-4",
        b"3.1234567",
    ),
    *(
        b"1e0",
        b"3,5",
        b".5",
        b"3.",
        b"NaN",
        b"",
        b"000000003",
        b"0000000003",
        b"\xe2\x82",
        b"1.5\x00",
    ),
]
TIMES: Final = [
    *(b"1000", b"0", b"4102444800", b"4102444801", b"9999999999", b"1000000000000", b"-5", b"1.0"),
    *(b"01000", b"1e9", b"", b" 1000", b"1000 ", b"10000000000", b"2020-01-01", b"1000\r"),
]
TITLES: Final = [
    *("Toy Story (1995)", "Fawlty Towers (1975-1979)", "Death Note (2006\u20132007)", "Babylon 5"),
    *("Sherlock (2009\u2013 )", "  spaces (2001)  ", "", "(no genres listed)", "Amélie (2001)"),
    *("x" * 1000, "x" * 1001, "\U0001f3ac" * 1000, "\U0001f3ac" * 1001, "tab\there (1999)"),
    *("last separator (1990)\u2028", "next line (1990)\x85", "(1799)", "(2100)", "(1995) (1996)"),
    *('say "hi" (2000)', "back\\slash (2000)", "American President, The (1995)", "del\x7f (2000)"),
    *("digits (19\u0663\u0664)", "nul\x00 (2000)", "a\u00a0b\u3000 (1985)", 'quote" (1980)'),
]
GENRES: Final = ["Comedy|Drama", "", "(no genres listed)", " Action ", "Sci-Fi", 'odd "genre", yes']
DATES: Final = [
    *("01-Jan-1995", "31-Feb-1995", "99-Dec-1969", "01-Jan-1969", "", "1-Jan-1995", "01-jan-1995"),
    *("01-Jan-0000", "00-Mar-2000", "29-Feb-2000", "01-Xyz-1990", "01-Jan-1995 "),
]
AGES: Final = ["1", "25", "999", "1000", "-1", "007", "", "2\u0663", "3.5"]
GENDERS: Final = ["F", "M", "f", "", "X"]
WORK: Final = ["0", "20", "21", "7", "07", "", "writer", "-1", "\u0663"]
JOBS: Final = ["writer", "", "K-12, student", 'say "x"', "none", "back\\slash", "Küche"]
TEXTS: Final = [
    *("a", "b", "sku,1", "Zoë", "\U0001f3ac", "007", "", "x" * 256, "x" * 257, "\U0001f3ac" * 256),
    *(
        'say "hi"',
        "back\\slash",
        "\\",
        "tab\tin",
        "nul\x00",
        "del\x7f",
        "None",
        " space ",
        "cr\rin",
    ),
    *("é" * 1001, "y" * 1000, "z" * 20_000, "z" * 20_001, 'q"' * 4_000, "\u2028", '"', "'", "#"),
]
INTEGERS: Final = [
    *("0", "-0", "7", "-7", "2147483647", "2147483648", "-2147483648", "-2147483649", "007", "7.0"),
    *("999999999999999999", "1000000000000000000", "-999999999999999999", "", "+1", "1e3"),
]
DECIMALS: Final = [
    *(
        "4",
        "4.5",
        "-0",
        "-0.000001",
        "0.25",
        "23643249.400514",
        "999999999.999999",
        "-999999999",
        "",
    ),
    *(
        "1000000000",
        "1.2345678",
        "1e3",
        "NaN",
        "+1",
        ".5",
        "5.",
        "100000.1",
        "0.100000",
        "2",
        "1.5",
    ),
]
LINES: Final = [
    *(b"", b"\r", b"\r\r", b" ", b"\t", b",", b",,,", b"garbage", b'"', b'""', b'"open,2,3,4'),
    *(b"\x00", b"\xff\xfe", b"\xc3", b"\xe2\x82,1,2,3", b"\xed\xa0\x80", b"\xf4\x90\x80\x80"),
    *(b"\xc0\xaf", b"\xf0\x9f\x8e", b"\x80", b'a"b,"c"d,"e"', b'"a"b,1,2,3', b'1,"2""3""",4,5'),
    *(b'"1,2",3,4,5', b"\xef\xbb\xbf1,2,3,4", b"::::::", b"||||", b"\x0b", b"\x1c"),
    *(b"\xc2\x85", b"a\rb\rc"),
]  # fmt: skip


@dataclass(frozen=True)
class Case:
    """A raw file and how it is to be cleaned.

    Attributes:
        dataset: What it holds.
        source: Layout or tables.
        content: Its bytes; None where there is no such file.
        rules: For interactions.
        known: Ids of the known items; None for any.
    """

    dataset: Dataset
    source: Layout | TableSource
    content: bytes | None
    rules: CleaningRules = field(default_factory=CleaningRules)
    known: Sequence[str] | None = None


def layout(kind: Any) -> Layout:
    users = None if kind == "csv" else "raw/users.txt"
    return Layout(kind, "raw/ratings.txt", "raw/movies.txt", users)


def ratings(kind: Any, rows: int, seed: int) -> bytes:
    """Ratings of 60 users, a third of the lines with a trap, equal times and duplicates galore."""
    rng, form = np.random.default_rng(seed), RATINGS[kind]

    def line() -> bytes:
        fields = [
            _pick(rng, IDS, b"%d" % rng.integers(0, 60)),
            _pick(rng, IDS, b"%d" % rng.integers(1, 42)),
            _pick(rng, RATING_VALUES, b"%.1f" % (rng.integers(1, 11) / 2)),
            _pick(rng, TIMES, b"%d" % (1000 + rng.integers(0, 50))),
        ]
        return form.delimiter.encode().join(fields)

    of_bench = [
        text.format(user=3, item=4, rating="3.5", time=1_000_000).replace(",", form.delimiter)
        for text in DIRTY
    ]
    extra = [*LINES, *(text.encode() for text in of_bench)]
    return _file(rng, form, [_line_or_trap(rng, extra, line) for _ in range(rows)])


def movies(kind: Any, rows: int, seed: int, encoding: str = "utf-8") -> bytes:
    """Movies, the ids among 400, so that many are there twice."""
    rng, form = np.random.default_rng(seed), MOVIES[kind]

    def line() -> bytes:
        number = _pick(rng, IDS, b"%d" % rng.integers(1, 400))
        middle = [_choice(rng, TITLES)]
        if kind == "u":
            flags = ["1" if flag else "0" for flag in rng.integers(0, 2, 19)]
            middle += [_choice(rng, DATES), "", "http://x", *flags]
        else:
            middle.append(_choice(rng, GENRES))
        return _joined(form, number, middle, encoding)

    return _file(rng, form, [_line_or_trap(rng, LINES, line) for _ in range(rows)], encoding)


def users(kind: Any, rows: int, seed: int, encoding: str = "utf-8") -> bytes:
    """Users, the ids among 400."""
    rng, form = np.random.default_rng(seed), USERS[kind]

    def line() -> bytes:
        age, gender = _choice(rng, AGES), _choice(rng, GENDERS)
        pair = [gender, age] if kind == "dat" else [age, gender]
        work = _choice(rng, WORK if kind == "dat" else JOBS)
        number = _pick(rng, IDS, b"%d" % rng.integers(1, 400))
        return _joined(form, number, [*pair, work, "12345"], encoding)

    return _file(rng, form, [_line_or_trap(rng, LINES, line) for _ in range(rows)], encoding)


def table(
    header: Sequence[str], kinds: Sequence[str], delimiter: str, rows: int, seed: int
) -> bytes:
    """A table; ``kinds`` says for each column which traps are in it."""
    rng = np.random.default_rng(seed)
    values: dict[str, Callable[[], str]] = {
        "id": lambda: f"u{rng.integers(0, 30)}" if rng.random() < 0.8 else _choice(rng, TEXTS),
        "item": lambda: _choice(rng, TEXTS[:7]) if rng.random() < 0.9 else _choice(rng, TEXTS),
        "time": lambda: str(rng.integers(0, 40)) if rng.random() < 0.9 else _text(rng, TIMES),
        "int": lambda: _choice(rng, INTEGERS) if rng.random() < 0.5 else "7",
        "decimal": lambda: _choice(rng, DECIMALS) if rng.random() < 0.6 else "1.5",
        "text": lambda: _choice(rng, TEXTS) if rng.random() < 0.4 else "web",
        "type": lambda: _choice(rng, TEXTS[:9]) if rng.random() < 0.3 else "buy",
    }

    def line() -> bytes:
        fields = [_csv_field(rng, values[kind](), delimiter) for kind in kinds]
        return delimiter.join(fields).encode()

    form = FileFormat(delimiter, tuple(header), has_header=True, quoted=True)
    return _file(rng, form, [_line_or_trap(rng, LINES, line) for _ in range(rows)])


def _file(
    rng: np.random.Generator, form: FileFormat, lines: list[bytes], encoding: str = "utf-8"
) -> bytes:
    """Join lines with either end of line; the last one has none."""
    head = [form.header.encode(encoding)] if form.has_header else []
    ends = [b"\r\n" if crlf else b"\n" for crlf in rng.random(len(head) + len(lines)) < 0.2]
    joined = b"".join(line + end for line, end in zip([*head, *lines], ends, strict=True))
    return joined.removesuffix(ends[-1])


def _line_or_trap(
    rng: np.random.Generator, traps: Sequence[bytes], line: Callable[[], bytes]
) -> bytes:
    return line() if rng.random() < 0.95 else traps[rng.integers(len(traps))]


def _joined(form: FileFormat, number: bytes, fields: list[str], encoding: str) -> bytes:
    delimiter = form.delimiter.encode()
    texts = [_csv_text(text) if form.quoted else text for text in fields]
    return delimiter.join([number, *(text.encode(encoding, errors="replace") for text in texts)])


def _csv_text(text: str) -> str:
    return '"' + text.replace('"', '""') + '"' if "," in text or text.startswith('"') else text


def _csv_field(rng: np.random.Generator, text: str, delimiter: str) -> str:
    must = delimiter in text or text.startswith('"')
    return '"' + text.replace('"', '""') + '"' if must or rng.random() < 0.1 else text


def _pick(rng: np.random.Generator, traps: Sequence[bytes], valid: bytes) -> bytes:
    return valid if rng.random() < 0.93 else traps[rng.integers(len(traps))]


def _choice(rng: np.random.Generator, values: Sequence[str]) -> str:
    return values[rng.integers(len(values))]


def _text(rng: np.random.Generator, values: Sequence[bytes]) -> str:
    return values[rng.integers(len(values))].decode("latin-1")
