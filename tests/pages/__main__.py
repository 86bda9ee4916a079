"""Write every part of the documents that a program writes."""

from tests.pages import ROOT, WRITTEN

for path, text in WRITTEN.items():
    (ROOT / path).write_text(text())
