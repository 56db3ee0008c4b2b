"""Text that LaTeX shows as it is, whatever it holds."""

from __future__ import annotations

import re
from unicodedata import name as unicode_name

from trainables.characters import flat

LONG = 11  # letters of a word above which it may break at punctuation
LONGEST = 24  # letters of a word without punctuation above which it is no word, and breaks after every ``PIECE``
PIECE = 10
BREAK = r"\hspace{0pt}"  # a place to break at, after which the next word may be hyphenated

_SIGNS = {
    "\\": r"\textbackslash{}",
    "~": r"\textasciitilde{}",
    "^": r"\textasciicircum{}",
    "<": r"\textless{}",
    ">": r"\textgreater{}",
    "|": r"\textbar{}",
    '"': r"\textquotedbl{}",
    "±": r"$\pm$",
    "·": r"$\cdot$",
    "\u2212": "$-$",
    "\u00d7": r"$\times$",
    "≤": r"$\leq$",
    "≥": r"$\geq$",
    "≈": r"$\approx$",
    "∞": r"$\infty$",
    "`": r"\textasciigrave{}",
    **{sign: f"{{{sign}}}" for sign in "[]*"},  # after \\ they would be an argument
    **{sign: f"\\{sign}" for sign in "&%$#_{}"},
    "λ": r"$\lambda$",
    **{letter: rf"$\{unicode_name(letter).rpartition(' ')[2].lower()}$" for letter in "αβγδεζηθικμνξπρστυφχψω"},
}
# What pdfLaTeX sets in T1 fonts without further packages: Latin letters, and the usual punctuation.
_KNOWN = re.compile(
    r"[ -~¡-¬®-ĥĨ-ķĹ-ľŁ-ňŊ-ťŨ-ž"
    r"\u2010-\u2014\u2018-\u201a\u201c-\u201e\u2020-\u2022\u2026\u2030\u2039\u203a\u20ac\u2122\u2190-\u2193]"
)
# Any other sign is set by XeLaTeX and LuaLaTeX, in a font that has it; pdfLaTeX writes its number.
UNICODE_SIGN = (
    r"\ifdefined\unicodesign\else"
    r"\DeclareRobustCommand\unicodesign[2]{\ifdefined\Umathcode#2\else{[}U+#1{]}\fi}"
    r"\fi"
)


# Symbols of losses and statistics, and powers of ten, typeset as such.
_SYMBOLS = re.compile(r"(?<![\w.])(L_q|q_a|d_z|10\^-?\d+\.\d+)(?!\w|\.\w)")


def latex_text(text: str) -> str:
    """Return text that LaTeX shows as it is, on one line; characters that do not print become a question mark.

    A long word may break, so that names fit into a column.
    """
    return "".join(
        f"${power(part)}$" if place % 2 else "".join(map(_word, re.split(r"(?<= )", part)))
        for place, part in enumerate(_SYMBOLS.split(flat(text)))
    )


def power(formula: str) -> str:
    """Return a number or symbol for a formula: ``10^{2.5}`` for ``10^2.5``."""
    return re.sub(r"\^(.+)", r"^{\1}", formula)


def _word(word: str) -> str:
    """Return a word with its trailing space, and with places to break at if it is long."""
    pieces = [word]
    if len(word.rstrip()) > LONG:
        pieces = [
            piece
            for part in re.split(r"(?<=[^\w\s,;'\"!?()-])(?<!\d\.)(?=\S)|(?<=_)(?=\S)", word)
            for piece in (re.findall(f".{{1,{PIECE}}}", part) if len(part) > LONGEST else [part])
        ]
    escaped = ["".join(map(_sign, piece)) for piece in pieces]
    # Two of these would join to a dash or a quotation mark.
    return BREAK.join(re.sub(r"(?<=([-',]))(?=\1)", "{}", piece) for piece in escaped)


def _sign(sign: str) -> str:
    if sign in _SIGNS:
        return _SIGNS[sign]
    return sign if _KNOWN.fullmatch(sign) else rf"\unicodesign{{{ord(sign):04X}}}{{{sign}}}"
