"""Made-up names, products and amounts of the example company; who is in the directory is in examples/company."""

from __future__ import annotations

from random import Random
from typing import NamedTuple

from automation.items.parts import ProductRow
from automation.values import Money

SALES = ("ann", "cem", "dora", "emil", "berta")
SHOP = ("hugo", "ida")
ACCOUNTS = "lena"
SERVICE = "tom"

_FIRST = ("Ada", "Ben", "Clara", "Dino", "Elif", "Fred", "Gina", "Hans", "Iris", "Jan", "Kim", "Lou", "Mia", "Noah")
_LAST = ("Ahorn", "Birke", "Clover", "Dorn", "Eiche", "Fichte", "Garten", "Hasel", "Iltis", "Jasmin", "Kiefer", "Linde")
_TRADES = ("Bakery", "Law office", "School", "Clinic", "Studio", "Library", "Hotel", "Workshop", "Agency", "Town hall")
INDUSTRIES = ("food", "law", "education", "health", "media", "public", "travel", "craft")
POSITIONS = ("owner", "buyer", "office manager", "assistant")
REMARKS = ("Prefers oak.", "Asks for a sample.", "Wants it before Easter.", "Compares with another offer.",
           "Met at the fair.", "Needs an invoice with VAT id.")  # fmt: skip
WISHES = ("", "Please come before nine.", "The old desks go with you.", "Ring at the back door.")
REASONS = ("The van is too small.", "No crew in that week.", "The stairs are too narrow.")
SUBJECTS = ("Question about the legs", "When will it come?", "Thank you", "Colour of the top", "Please call back")
_PRODUCTS = (
    ("desk-160", "Desk 160 cm", 49_900), ("desk-200", "Desk 200 cm", 64_900), ("chair", "Chair", 28_900),
    ("lamp", "Lamp", 7_900), ("shelf", "Shelf", 19_900), ("cabinet", "Cabinet", 34_900), ("mat", "Desk mat", 2_900),
)  # fmt: skip
FURNITURE = tuple(name for _, name, _ in _PRODUCTS)

_MEDIAN_CENTS, _SPREAD = 420_000, 0.95
_CURRENCIES, _SHARES = ("EUR", "CHF", "USD", "GBP"), (88, 6, 3, 3)


class Client(NamedTuple):
    """A contact with a company, by their ids."""

    contact: str
    company: str
    name: str
    email: str
    company_name: str


def client(rng: Random, number: int, mark: str) -> Client:
    """Return the client of a number: some have no e-mail address."""
    first, last = rng.choice(_FIRST), rng.choice(_LAST)
    email = f"{first}.{last}.{number}@example.test".lower() if rng.random() < 0.97 else ""
    company = f"{rng.choice(_TRADES)} {rng.choice(_LAST)}"
    return Client(f"{mark}-{number}", f"{mark}-{number // 2}", f"{first} {last}", email, company)


def amount(rng: Random) -> Money:
    """Return an amount, log-normal around 4,200, most of them in euros."""
    (currency,) = rng.choices(_CURRENCIES, _SHARES)
    minor = int(_MEDIAN_CENTS * rng.lognormvariate(0.0, _SPREAD))
    return Money(max(minor - minor % 100, 5_000), currency)


def rows(rng: Random, most: int) -> tuple[ProductRow, ...]:
    """Return one to `most` rows of products, in euros."""
    picked = rng.sample(_PRODUCTS, rng.randint(1, most))
    return tuple(ProductRow(code, name, rng.randint(1, 4) * 1_000, Money(price, "EUR")) for code, name, price in picked)


def sum_of(listed: tuple[ProductRow, ...]) -> Money:
    """Return what rows of whole pieces cost."""
    return Money(sum(row.quantity_milli // 1_000 * row.price.minor for row in listed), "EUR")
