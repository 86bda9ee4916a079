"""badge.svg: the decision and the score, for a README. Nothing in it comes from outside."""

from __future__ import annotations

from readiness.judge.verdict import Decision, Verdict
from readiness.measurements.run import Run
from readiness.report.view import words

COLOURS = {
    Decision.READY: "#1a7f37",
    Decision.CONDITIONAL: "#8a6100",
    Decision.NOT_READY: "#b42318",
    Decision.INCONCLUSIVE: "#6b4fbb",
}
"""White text on each has a contrast of 4.5 to 1 at least (WCAG AA)."""
CHARACTER = 6.6
PAD = 7.0
_LEFT = "readiness"


def render(verdict: Verdict, run: Run | None = None) -> str:
    """The badge as one SVG; `run` adds nothing."""
    del run
    right = f"{verdict.decision} {words.score(verdict)}" if verdict.score.coverage > 0 else str(verdict.decision)
    one, other = (len(text) * CHARACTER + 2 * PAD for text in (_LEFT, right))
    whole = one + other
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{whole:g}" height="20" role="img" '
        f'aria-label="{_LEFT}: {right}">\n'
        f"<title>{_LEFT}: {right}</title>\n"
        f'<rect width="{whole:g}" height="20" rx="3" fill="#3d444d"/>\n'
        f'<path d="M{one:g} 0h{other - 3:g}a3 3 0 0 1 3 3v14a3 3 0 0 1-3 3H{one:g}z" '
        f'fill="{COLOURS[verdict.decision]}"/>\n'
        '<g fill="#fff" font-family="Verdana,Geneva,DejaVu Sans,sans-serif" font-size="11" text-anchor="middle">\n'
        f'<text x="{one / 2:g}" y="14">{_LEFT}</text>\n'
        f'<text x="{one + other / 2:g}" y="14">{right}</text>\n'
        "</g>\n</svg>\n"
    )
