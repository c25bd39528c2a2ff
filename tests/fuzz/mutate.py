"""Inputs that are almost programs: tokens swapped, dropped, repeated, spliced; numbers driven to extremes."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from random import Random

from tests.fuzz.reduce import TOKEN

EXTREMES = (
    "0", "-1", "1", "2", "3", "2147483647", "2147483648", "9007199254740993", "1e308", "1e309", "1e-320", "0.0",
    "-0.0", "1.5", "9" * 40, "9" * 5000, "1k", "4G", "999M", "1x1", "3x3x3x3", "0x0", "?h", "8 * ?h", "none", "true",
    "[]", "[1, 2]", "here.channels", "0..5", "0..1000000000", "1 / 0", "2 ** 60", "2 ** -1", "1 // 0", "7 % 0",
    "10 ** 400", "sqrt(-1)", '"same"', "1e308 * 10", "1e308 * 10 - 1e308 * 10",
)  # fmt: skip
WORDS = (
    "residual", "concat", "dense", "clique", "aux", "unit", "repeat", "for", "if", "else", "share", "stage", "let",
    "default", "output", "input", "insert", "remove", "replace", "set", "before", "after", "with", "in", "as", "use",
    "assert", "label", "variant", "net", "block", "recipe", "extends", "language", "here", "identity", "from",
    "params", "macs", "->", "|", "{", "}", "(", ")", "[", "]", "=", "+=", "..", ",", ";", "\n", ".", ":", "**", "?x",
    "'", '"', "\\", '"{', '}"', "#", "$", "\t", "\r", "\x00", "\x1b", "\u202e", "é", "变量", "\u0301", "🙂", "\ud800",
    "\ufeff", "\u2028", "ﬁ", "İ", "０", "²",
)  # fmt: skip


def tokens(random: Random, text: str, texts: Sequence[str]) -> str:
    """Some tokens replaced, left out, repeated or moved."""
    parts = TOKEN.findall(text)
    pool = TOKEN.findall(random.choice(texts))
    for _ in range(random.choice((1, 1, 1, 2, 3, 5, 12))):
        if not parts:
            break
        at = random.randrange(len(parts))
        match random.randrange(8):
            case 0:
                parts[at] = random.choice(pool) if pool else ""
            case 1:
                del parts[at : at + random.choice((1, 1, 2, 5))]
            case 2:
                parts.insert(at, random.choice(pool) if pool else "")
            case 3:
                parts.insert(at, random.choice(WORDS))
            case 4:
                other = random.randrange(len(parts))
                parts[at], parts[other] = parts[other], parts[at]
            case 5:
                end = at + random.randrange(1, 20)
                parts[at:at] = parts[at:end] * random.choice((1, 1, 2, 5))
            case 6:
                names = [i for i, part in enumerate(parts) if part[0].isalpha()]
                if names:
                    parts[random.choice(names)] = random.choice([part for part in parts if part[0].isalpha()])
            case _:
                parts = _number(random, parts)
    return "".join(parts)


def _number(random: Random, parts: list[str]) -> list[str]:
    at = [i for i, part in enumerate(parts) if part[0].isdigit()]
    if at:
        parts[random.choice(at)] = random.choice(
            EXTREMES if random.random() < 0.5 else ("0", "1", "2", "3", "5", "7", "64")
        )
    return parts


def numbers(random: Random, text: str, texts: Sequence[str]) -> str:
    """Only numbers changed: what comes out still parses, mostly."""
    del texts
    parts = TOKEN.findall(text)
    for _ in range(random.choice((1, 1, 2, 4))):
        parts = _number(random, parts)
    return "".join(parts)


def lines(random: Random, text: str, texts: Sequence[str]) -> str:
    """Lines left out, repeated, exchanged, or taken from another program."""
    rows = text.splitlines(keepends=True)
    for _ in range(random.choice((1, 1, 2, 4))):
        if not rows:
            break
        at = random.randrange(len(rows))
        match random.randrange(4):
            case 0:
                del rows[at]
            case 1:
                rows[at:at] = rows[at : at + random.randrange(1, 5)]
            case 2:
                other = random.choice(texts).splitlines(keepends=True)
                start = random.randrange(len(other))
                rows[at:at] = other[start : start + random.randrange(1, 8)]
            case _:
                other = random.randrange(len(rows))
                rows[at], rows[other] = rows[other], rows[at]
    return "".join(rows)


def nested(random: Random, text: str, texts: Sequence[str]) -> str:
    """Something far inside of something else."""
    del texts
    depth = random.choice((3, 20, 60, 300, 3000, 20000))
    opener, closer = random.choice((
        ("residual { ", " }"), ("(", ")"), ("[", "]"), ("repeat 2 { ", " }"), ("concat { | ", " }"), ("if true { ", " }"),
        ("-", ""), ("not ", ""), ("conv(shortcut = { ", " })"), ("stage s { ", " }"), ("a if b else ", ""), ("1 + ", ""),
        ("relu -> ", ""), ('"{', '}"'), ("x.", ""), ("aux { ", " }"), ("dense(layers = 2) { ", " }"), ("2 ** ", ""),
        ("if 1 == 2 { relu } else ", ""), ("f(", ")"), ("[[1][0], ", "]"), ("clique(layers = 2) { ", " }"),
    ))  # fmt: skip
    parts = TOKEN.findall(text)
    at = random.randrange(len(parts)) if parts else 0
    middle = parts[at] if parts else "1"
    parts[at : at + 1] = [opener * depth, middle, closer * depth if random.random() < 0.9 else closer]
    return "".join(parts)


def stretched(random: Random, text: str, texts: Sequence[str]) -> str:
    """One line, one name, or one piece, very long."""
    parts = TOKEN.findall(text) or ["x"]
    at = random.randrange(len(parts))
    times = random.choice((50, 500, 5000, 50_000))
    match random.randrange(6):
        case 0:
            return text.replace("\n", ";")
        case 1:
            parts[at] = (parts[at] * times)[:200_000]
        case 2:
            parts[at] += random.choice((" ", "\t", "\n", "# x\n", ";", ",", "->", "\u200b")) * times
        case 3:
            piece = "".join(parts[at : at + 12])
            parts[at] = (piece * times)[:300_000]
        case 4:
            return text + random.choice(texts) * min(times, 60)
        case _:
            return (text + "\n") * min(times, 40)
    return "".join(parts)


def characters(random: Random, text: str, texts: Sequence[str]) -> str:
    """Single characters changed, among them those that no keyboard has."""
    del texts
    chars = list(text)
    for _ in range(random.choice((1, 2, 5, 30))):
        at = random.randrange(len(chars) + 1)
        char = (
            random.choice(WORDS)
            if random.random() < 0.5
            else chr(
                random.choice((random.randrange(128), random.randrange(0x250), random.randrange(0x110000)))
            )
        )
        if random.random() < 0.5:
            chars.insert(at, char)
        else:
            chars[at : at + 1] = [char]
    return "".join(chars)


def cut(random: Random, text: str, texts: Sequence[str]) -> str:
    """A program that ends in the middle, or the middle of one and the middle of another."""
    at = random.randrange(len(text) + 1)
    if random.random() < 0.5:
        return text[:at]
    other = random.choice(texts)
    return text[:at] + other[random.randrange(len(other) + 1) :]


MUTATIONS: dict[Callable[[Random, str, Sequence[str]], str], int] = {
    tokens: 8, numbers: 5, lines: 4, cut: 2, characters: 2, nested: 1, stretched: 1,
}  # fmt: skip
"""What may be done to a text, by weight."""


def mutated(random: Random, texts: Sequence[str]) -> str:
    """One of the texts, changed once or several times."""
    text = random.choice(texts)
    for _ in range(random.choice((1, 1, 1, 2, 3))):
        (mutation,) = random.choices(list(MUTATIONS), weights=list(MUTATIONS.values()))
        text = mutation(random, text, texts)
        if len(text) > 3_000_000:
            break
    return text


def random_bytes(random: Random) -> bytes:
    """Bytes: any, or of the kind that texts are made of."""
    length = random.choice((0, 1, 5, 50, 500, 5000, 100_000))
    if random.random() < 0.4:
        return random.randbytes(length)
    pool = [word.encode("utf-8", "surrogatepass") for word in (*WORDS, *EXTREMES[:20], "x", "conv", " ", " ")]
    return b"".join(random.choice(pool) for _ in range(length // 4))
