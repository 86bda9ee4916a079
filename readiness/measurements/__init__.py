"""What a run saw: facts only, no verdict. run.json is this package's text form."""
