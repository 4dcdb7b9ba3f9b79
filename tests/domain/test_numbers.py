"""Contract section 3: numbers and dates as members type them; what is not clearly one is a fault, never a guess."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.numbers import is_placeholder, number_of, number_under, read_date, read_number, read_yes_no, shortest

NBSP, NARROW, THIN = "\u00a0", "\u202f", "\u2009"


@pytest.mark.parametrize(
    ("text", "decimal", "number"),
    [
        ("0", ".", "0"), ("7", ".", "7"), ("007", ".", "7"), (" 12 ", ".", "12"), (f"{NBSP}12{NBSP}", ",", "12"),
        ("23.14", ".", "23.14"), ("23,14", ",", "23.14"), (".5", ".", "0.5"), (",5", ",", "0.5"), ("0.10", ".", "0.10"),
        ("1,234", ".", "1234"), ("1.234", ",", "1234"), ("1.234", ".", "1.234"), ("1,234", ",", "1.234"),
        ("1 234", ".", "1234"), (f"1{NBSP}234", ".", "1234"), (f"1{NARROW}234,5", ",", "1234.5"), (f"12{THIN}345", ".", "12345"),
        ("1'234.50", ".", "1234.50"), ("1’234’567", ",", "1234567"), ("1 234 567,89", ",", "1234567.89"),
        ("1,234,567.89", ".", "1234567.89"), ("1.234.567,89", ",", "1234567.89"), ("491,400", ".", "491400"),
        ("12,34,567", ".", "1234567"), ("1,23,45,678.5", ".", "12345678.5"), ("12.34.567", ",", "1234567"),
        ("-5", ".", "-5"), ("+5", ".", "5"), ("−5,5", ",", "-5.5"), ("-1,234.5", ".", "-1234.5"), ("-0", ".", "0"),
        ("٢٣٫١٤", ".", "23.14"), ("٢٣٫١٤", ",", "23.14"), ("١٬٢٣٤", ".", "1234"), ("۱۲۳", ",", "123"),
        ("123456789012345678901234567890.123456789", ".", "123456789012345678901234567890.123456789"),
    ],
)  # fmt: skip
def test_text_is_that_number_exactly(text: str, decimal: str, number: str) -> None:
    assert read_number(text, decimal) == Decimal(number)
    assert isinstance(read_number(text, decimal), Decimal)


@pytest.mark.parametrize(
    ("text", "decimal"),
    [
        ("23,14", "."), ("23.14", ","), ("0,123", "."), ("0.123", ","), ("1.234,56", "."), ("1,234.56", ","), ("1234,567", "."), ("-2,5", "."),
        (",5", "."), ("1.234.567", "."), ("12,5", "."), ("1 234,5", "."), ("1'234,50", "."), ("01,234", "."), ("1234.567", ","),
    ],
)  # fmt: skip
def test_text_is_a_number_only_under_the_decimal_that_is_not_declared(text: str, decimal: str) -> None:
    assert read_number(text, decimal) == "ambiguous"


@pytest.mark.parametrize(
    "text",
    [
        "50+", "approx. 50", "aprox 50", "50-60", "~50", "≈50", "$102", "102 €", "12 %", "12%", "EUR 5", "5 kg", "1E5", "1e-3", "five", "(5)", "5-",
        "--5", "+-5", "- 5", "+ 5", "-", "+", ".", ",", "5.", "5,", "1,,234", "1 23", "12 34", "1234 567", "123,45,678", "1,234 567",
        "1 234,567 8", "1'234 567", "1,234'567", "1.2.3", "12,345,67", "0 500", "1  234", "1/2", "½", "²", "NaN", "Infinity", "inf", "0x10", "1_000",
        "१२", "1 234.567.890", "12:30", "5 5", "x", "9" * 61,
    ],
)  # fmt: skip
@pytest.mark.parametrize("decimal", [".", ","])
def test_text_is_no_number(text: str, decimal: str) -> None:
    assert read_number(text, decimal) is None


@given(st.text(alphabet="0123456789.,' ’+-−\u00a0\u202f٠٩٫٬%eE", max_size=20), st.sampled_from([".", ","]))
def test_a_number_has_the_digits_of_its_text_and_is_the_same_read_again(text: str, decimal: str) -> None:
    number = number_under(text, decimal)
    if number is not None:
        assert number.is_finite()
        plain = f"{number:f}".replace(".", decimal)
        assert number_under(plain, decimal) == number
    assert (read_number(text, decimal) == "ambiguous") == (number is None and number_under(text, "," if decimal == "." else ".") is not None)


@given(st.integers(-(10**14), 10**14), st.sampled_from([" ", NBSP, NARROW, THIN, "'", "’"]), st.sampled_from([".", ","]))
def test_grouping_in_threes_changes_nothing(number: int, separator: str, decimal: str) -> None:
    assert read_number(f"{number:,}".replace(",", separator), decimal) == number
    other = "," if decimal == "." else "."
    assert read_number(f"{number:,}".replace(",", other), decimal) == number


@pytest.mark.parametrize(
    ("text", "day"),
    [
        ("2019-03-05", date(2019, 3, 5)), ("2019-03-05T10:20", date(2019, 3, 5)), ("2019-03-05T10:20:30.5Z", date(2019, 3, 5)),
        ("2019-03-05 23:59:59", date(2019, 3, 5)), ("2019-03-05T10:20:30+02:00", date(2019, 3, 5)),
        ("05/03/2019", date(2019, 3, 5)), ("5/3/2019", date(2019, 3, 5)), ("31/12/2019", date(2019, 12, 31)), ("05.03.2019", date(2019, 3, 5)),
        ("05-03-2019", date(2019, 3, 5)), (" 29/02/2020 ", date(2020, 2, 29)), ("٠٥/٠٣/٢٠١٩", date(2019, 3, 5)),
    ],
)  # fmt: skip
def test_text_is_that_day(text: str, day: date) -> None:
    assert read_date(text) == day


@pytest.mark.parametrize(
    "text",
    [
        "12/31/2019", "31/02/2019", "29/02/2019", "2019-13-01", "05/03/19", "03/2019", "2019", "43525", "mars 2020", "5 March 2019", "05/03.2019",
        "2562-03-05", "05/03/2562", "2019/03/05", "20190305", "2019-03-05T", "2019-03-05 noon", "05/03/2019 - 07/03/2019", "0019-03-05", "",
    ],
)  # fmt: skip
def test_text_is_no_day(text: str) -> None:
    assert read_date(text) is None


@pytest.mark.parametrize(
    "text", ["TBD", "tbc", "n/a", "N/A", "N/D", "n.d.", "N.A.", "s/o", "S/O", "xxx", "XXXX", "xx", "-", "–", "—", "…", "..."]
)
def test_text_stands_for_an_empty_cell(text: str) -> None:
    assert is_placeholder(text)


@pytest.mark.parametrize("text", ["NA", "x", "0", "no", "none", "?", "xxxy", "maximum", ".", "50-60", "TBD soon", "Xanadu"])
def test_text_stands_for_itself(text: str) -> None:
    assert not is_placeholder(text)


@pytest.mark.parametrize("text", ["yes", "Oui", "sí", "SI", "sim", "x", "X", "TRUE", "1", "vrai"])
def test_text_says_yes(text: str) -> None:
    assert read_yes_no(text) == "yes"


@pytest.mark.parametrize("text", ["no", "Non", "não", "NAO", "FALSE", "0", "falso"])
def test_text_says_no(text: str) -> None:
    assert read_yes_no(text) == "no"


@pytest.mark.parametrize("text", ["perhaps", "", "2", "yes and no"])
def test_text_says_neither(text: str) -> None:
    assert read_yes_no(text) is None


@pytest.mark.parametrize(
    ("cell", "text"),
    [
        (1.0, "1"), (8.8, "8.8"), (2020.0, "2020"), (17.1, "17.1"), (-3.5, "-3.5"), (0.0, "0"), (-0.0, "0"), (1e-7, "0.0000001"), (100.0, "100"),
        (0.1 + 0.2, "0.3"), (1234567890123456.0, "1234567890123456"), (1e22, "10000000000000000000000"), (123456.789, "123456.789"),
    ],
)  # fmt: skip
def test_a_numeric_cell_reads_as_its_shortest_decimal(cell: float, text: str) -> None:
    assert shortest(cell) == text
    assert number_of(cell) == Decimal(text)


def test_what_binary_arithmetic_leaves_behind_the_fifteenth_digit_is_no_part_of_a_number() -> None:
    assert number_of(200 * 0.57) == 114  # a formula's stored value: 113.99999999999999


@given(st.floats(allow_nan=False, allow_infinity=False))
def test_every_numeric_cell_is_a_number(cell: float) -> None:
    assert float(number_of(cell)) == pytest.approx(cell, rel=1e-14, abs=5e-324)
    assert float(shortest(cell)) == pytest.approx(cell, rel=1e-14, abs=5e-324)
