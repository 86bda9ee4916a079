"""Run + Config -> Verdict. Pure: the same facts and limits give the same verdict, always."""
