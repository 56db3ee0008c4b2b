"""A name that holds markup of every format, other scripts and control characters."""

from __future__ import annotations

HOSTILE = (
    r"50 % \of_{it} & #1 ~^$x$ [1] -- '' ,, `` ?` << >> | * \\ \end{document} \write18{x} ^^41 "
    "雨 Åß€ “q” αΩ ρ² 🐶 e\u0301 \u202e \u200d \x00 \x1b[31m \u2028 \r\n ń ŉ ≥ ∞ "
    "<script>alert(1)</script> `a` **b** =1+1"
)
