"""What a database answers."""

from __future__ import annotations

from benchmarks.foreign.parser import Parser


def parsers() -> tuple[Parser, ...]:
    """Those of this room; imports what they need."""
    from readiness.database.schema import drift, lines
    from readiness.database.statement_text import shown

    lock = lines.text(
        (
            "table public.bags",
            "table public.bags: column \"a\"\"b\" integer not null default 'x''y'::text",
            'table public.bags: column n numeric(10,2) collate "C"',
            "table public.bags: constraint p primary key (id)",
            "function public.f(integer, text): body x",
        )
    ).encode()

    def schema(data: bytes) -> object:
        found, _ = lines.parse(data.decode("utf-8", "replace"))
        return drift.compare(found, [line.replace("integer", "bigint") for line in found[1:]])

    sql = (
        b"select a, 'it''s' from \"t\" where b = $1 and c = E'x\\'y' -- note\n and d = $tag$x$tag$",
        b"/* a /* b */ c */ alter role x password 'y'",
        b"insert into t values (1.5e3, U&'\\0041', B'01')",
    )
    return (
        Parser("schema lock", ("database.schema.lines", "database.schema.drift"), schema, (ValueError,), (lock,), 4),
        Parser(
            "statements",
            ("database.statement_text",),
            lambda data: shown(data.decode("utf-8", "replace"), 300),
            (),
            sql,
        ),
    )
