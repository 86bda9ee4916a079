"""The verdict as text in sections: what Markdown, HTML and the terminal all print, so that they cannot disagree."""
