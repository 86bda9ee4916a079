"""Read reports back, each with a parser that is not ours."""

from __future__ import annotations

from html.parser import HTMLParser

from markdown_it import MarkdownIt


class Page(HTMLParser):
    """Elements in order, and the text below those that carry `data-…` marks or are table rows."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.tags: list[str] = []
        self.ids: list[str] = []
        self.links: list[str] = []
        self.marks: dict[str, str] = {}
        self.checks: dict[str, list[str]] = {}
        self._mark: str | None = None
        self._row: list[str] | None = None

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Note the element and what it opens."""
        self.tags.append(tag)
        found = dict(attrs)
        self.ids += [value for name, value in attrs if name == "id" and value]
        self.links += [value or "" for name, value in attrs if name in ("href", "src", "action", "style")]
        for name in ("data-decision", "data-score"):
            if name in found:
                self._mark = name
        key = found.get("data-check")
        if key is not None:
            self._row = self.checks.setdefault(key, [])
        if tag in ("td", "th") and self._row is not None:
            self._row.append("")

    def handle_endtag(self, tag: str) -> None:
        """Close what was open."""
        if tag == "tr":
            self._row = None
        self._mark = None

    def handle_data(self, data: str) -> None:
        """Text goes to the open mark and the open cell."""
        if self._mark:
            self.marks[self._mark] = self.marks.get(self._mark, "") + data
        if self._row:
            self._row[-1] += data


def html(text: str) -> Page:
    """The page as a browser's tokenizer would see it."""
    page = Page()
    page.feed(text)
    page.close()
    return page


_MD = MarkdownIt("commonmark", {"html": True}).enable("table")


def markdown_tables(text: str) -> list[list[list[str]]]:
    """Every table as rows of cells, code spans and emphasis unwrapped."""
    tables: list[list[list[str]]] = []
    for i, token in enumerate(tokens := _MD.parse(text)):
        if token.type == "table_open":
            tables.append([])
        elif token.type == "tr_open":
            tables[-1].append([])
        elif token.type in ("td_open", "th_open"):
            tables[-1][-1].append("".join(child.content for child in tokens[i + 1].children or []))
    return tables


def markdown_kinds(text: str) -> list[str]:
    """Every block and inline token's type, in order; the content of text and code does not matter."""
    kinds: list[str] = []
    for token in _MD.parse(text):
        kinds.append(token.type)
        kinds += [
            child.type for child in token.children or [] if child.type not in ("text", "code_inline", "softbreak")
        ]
    return kinds


_INLINE = frozenset({"a", "abbr", "b", "code", "em", "i", "small", "span", "strong", "time"})


class _Unstyled(HTMLParser):
    """What an inline element joins to the text before it, where only CSS would part them."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.joined: list[str] = []
        self._before, self._inline = " ", False

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """An inline element parts nothing, any other does."""
        self._edge(tag)

    def handle_endtag(self, tag: str) -> None:
        """As its begin."""
        self._edge(tag)

    def _edge(self, tag: str) -> None:
        self._inline = tag in _INLINE
        if not self._inline:
            self._before = " "

    def handle_data(self, data: str) -> None:
        """Two words without a space between them."""
        if self._inline and self._before[-1].isalnum() and data[:1].isalnum():
            self.joined.append(f"{self._before[-30:]}|{data[:30]}")
        self._before = f"{self._before}{data}"[-60:]


def joined_words(text: str) -> list[str]:
    """Words of an HTML page that run together where its style sheet is not allowed, as on Jenkins."""
    page = _Unstyled()
    page.feed(text)
    return page.joined
