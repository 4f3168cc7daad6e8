"""Money across currencies, in whole numbers and fractions alone (spec 1.6)."""

from __future__ import annotations

from collections.abc import Mapping
from fractions import Fraction
from typing import TypeAlias

from automation.values import Money

Rates: TypeAlias = Mapping[str, Fraction]
"""What one unit (not minor unit) of a currency is worth in the base currency of the settings; the base is worth 1."""

# ISO 4217, what differs from two digits.
_BY_DIGITS = {
    0: "BIF CLP DJF GNF ISK JPY KMF KRW PYG RWF UGX UYI VND VUV XAF XOF XPF",
    3: "BHD IQD JOD KWD LYD OMR TND",
    4: "CLF UYW",
}
_DIGITS = {currency: digits for digits, currencies in _BY_DIGITS.items() for currency in currencies.split()}


def minor_digits(currency: str) -> int:
    """Return the number of decimal digits of a currency: 2 unless ISO 4217 says otherwise."""
    return _DIGITS.get(currency, 2)


def amount_text(money: Money) -> str:
    """Return the amount with the digits of its currency and no currency: `-1234.50`."""
    digits = minor_digits(money.currency)
    sign = "-" if money.minor < 0 else ""
    whole, part = divmod(abs(money.minor), 10**digits)
    return f"{sign}{whole}.{part:0{digits}}" if digits else f"{sign}{whole}"


def in_base(money: Money, rates: Rates) -> Fraction | None:
    """Return the amount in units of the base currency, unrounded; `None` without a positive rate."""
    rate = rates.get(money.currency)
    if rate is None or rate <= 0:
        return None
    return money.minor * rate / Fraction(10 ** minor_digits(money.currency))


def compare(left: Money, right: Money, rates: Rates) -> int | None:
    """Return -1, 0 or 1 as left is less than, equal to or more than right; `None` where a rate is missing."""
    if left.currency == right.currency:
        return (left.minor > right.minor) - (left.minor < right.minor)
    a, b = in_base(left, rates), in_base(right, rates)
    return None if a is None or b is None else (a > b) - (a < b)


def convert(money: Money, currency: str, rates: Rates) -> Money | None:
    """Return the amount in another currency, rounded half away from zero; `None` where a rate is missing."""
    if money.currency == currency:
        return money
    amount, rate = in_base(money, rates), rates.get(currency)
    if amount is None or rate is None or rate <= 0:
        return None
    exact = abs(amount) / rate * 10 ** minor_digits(currency)
    minor = int(exact + Fraction(1, 2))
    return Money(minor if amount >= 0 else -minor, currency)
