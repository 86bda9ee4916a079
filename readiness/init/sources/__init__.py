"""One module for each kind of source; each reads it into a Draft and sends nothing."""
