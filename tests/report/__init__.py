"""Each report format, the HTML in a real browser among them."""
