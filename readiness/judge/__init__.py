"""Run + Config -> Verdict. Pure: the same facts and limits give the same verdict, always.

Several runs stand on what is here: two side by side in `compare/`, a row of them in `history/`, loads of many heights
in `capacity/`. Nothing here knows those three.
"""
