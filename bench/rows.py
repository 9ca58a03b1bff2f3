"""A row of the comparison, and how rows are shown."""

from __future__ import annotations

from typing import Any


def row(id_: str, work: str, takeo: float, peer: float, name: str, goal: float | None = None,
        of_minima: float | None = None) -> dict[str, Any]:
    """The ratio is the peer's figure through Takeo's: above 1 Takeo is better.

    of_minima: the same of the best rounds; where it is far from the ratio the machine was not quiet.
    """
    ratio = peer / takeo
    return {"id": id_, "work": work, "takeo": takeo, "peer": peer, "peer_name": name, "ratio": ratio, "goal": goal,
            "met": None if goal is None else ratio >= goal, "ratio_of_minima": of_minima}


def show(rows: list[dict[str, Any]]) -> None:
    print(f"{'':<5}{'work':<38}{'Takeo':>11}{'peer':>12}  {'peer is':<46}{'ratio':>8}{'best':>8}{'goal':>8}  met")
    for r in rows:
        goal = "" if r["goal"] is None else f"{r['goal']:.2g}x"
        best = "" if r["ratio_of_minima"] is None else f"{r['ratio_of_minima']:.2f}x"
        met = {None: "", True: "yes", False: "NO"}[r["met"]]
        print(f"{r['id']:<5}{r['work']:<38}{r['takeo']:>11,.1f}{r['peer']:>12,.1f}  {r['peer_name']:<46}"
              f"{r['ratio']:>7.2f}x{best:>8}{goal:>8}  {met}".rstrip())
    missed = [r for r in rows if r["met"] is False]
    asked = sum(r["met"] is not None for r in rows)
    print(f"\n{asked - len(missed)} of {asked} goals are met" + (":" if missed else ""))
    for r in missed:
        print(f"  missed {r['id']} {r['work']}: {r['ratio']:.2f}x {r['peer_name']}, asked {r['goal']:.2g}x")
