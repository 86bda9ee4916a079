# ruff: noqa: E501 (samples)
"""What `readiness init` reads."""

from __future__ import annotations

from benchmarks.foreign.parser import Parser


def parsers() -> tuple[Parser, ...]:
    """Those of this room; imports what they need."""
    from readiness.errors import ConfigError
    from readiness.init.detect import read_bytes

    har = (
        b'{"log": {"creator": {}, "pages": [{"id": "p", "title": "t"}], "entries": [{"startedDateTime": "2026-01-01T00:'
        b'00:00Z", "time": 5, "pageref": "p", "request": {"method": "POST", "url": "http://x/a/17?b=c", "headers": [{'
        b'"name": "A", "value": "b"}], "postData": {"mimeType": "application/json", "text": "{\\"a\\": 1}"}}, "response": '
        b'{"status": 200, "content": {"mimeType": "application/json", "text": "{\\"id\\": 17}"}}}]}}'
    )
    token = (
        b'{"log": {"creator": {}, "entries": [{"request": {"method": "POST", "url": "http://x/token", "postData": {"mimeType": '
        b'"application/json", "text": "{\\"password\\": \\"p\\"}"}}, "response": {"status": 200, "content": {"mimeType": '
        b'"application/json", "text": "{\\"token\\": \\"eyJhbGciOiJIUzI1NiJ9.c2hvcA.c2ln\\", \\"expires_in\\": 20}"}}}, {"request": {"method": '
        b'"GET", "url": "http://x/a", "headers": [{"name": "Authorization", "value": "Bearer eyJhbGciOiJIUzI1NiJ9.c2hvcA.c2ln"}]}, '
        b'"response": {"status": 200}}]}}'
    )
    log = (
        b'10.0.0.1 - bob [10/Oct/2026:13:55:36 +0000] "GET /a/17?b=c HTTP/1.1" 200 23 "http://r/" "agent"\n'
        b'10.0.0.2 - - [10/Oct/2026:13:55:37 +0000] "POST /b HTTP/1.1" 500 -\n'
    ) * 3
    tokens = (
        b"openapi: 3.0.0\nservers: [{ url: 'http://x/v1' }]\nsecurity: [{ a: [read] }, { b: [] }]\n"
        b"components: { securitySchemes: { a: { type: oauth2, flows: { password: { tokenUrl: http://x/v1/token } } }, "
        b"b: { type: http, scheme: bearer } } }\npaths:\n  /x: { get: { responses: { '200': {} } } }\n  /login:\n"
        b"    post: { requestBody: { content: { application/json: { schema: { properties: { email: {}, password: {} } } "
        b"} } }, responses: { '200': { content: { a/b: { schema: { properties: { token: {} } } } } } } }\n"
    )
    openapi = (
        b"openapi: 3.0.0\ninfo: { title: t, version: '1' }\nservers: [{ url: 'http://x' }]\npaths:\n  /a/{id}:\n"
        b"    get:\n      parameters: [{ name: id, in: path, required: true, schema: { type: integer, example: 5 } }]\n"
        b"      responses: { '200': { description: ok } }\n"
    )
    values = (
        b"openapi: 3.1.0\nservers: [{ url: x.example:80/v1 }]\npaths:\n  /a:\n    get: { parameters: [{ name: q, in: query, required: "
        b"true, style: form, explode: false, schema: { type: array, minItems: 2, items: { enum: [a, b] } } }] }\n"
        b"    post: { requestBody: { content: { a/b+json: { schema: { oneOf: [{ $ref: '#/components/schemas/A' }], "
        b"discriminator: { propertyName: k, mapping: { x: A } } } } } } }\n"
        b"components: { schemas: { A: { required: [k, n], properties: { k: {}, n: { type: number, minimum: 0.5, multipleOf: "
        b"0.2, exclusiveMaximum: 3 }, t: { type: string, pattern: '^(a|b)[^c-d]{2,3}\\d+$', minLength: 4 } } } } }\n"
    )
    postman = (
        b'{"info": {"name": "n", "schema": "https://schema.getpostman.com/json/collection/v2.1.0/collection.json"}, "item":'
        b' [{"name": "a", "request": {"method": "POST", "header": [{"key": "A", "value": "{{t}}"}], "url": {"raw": "http://x'
        b'/a/:id?b={{c}}", "path": ["a", ":id"]}, "body": {"mode": "raw", "raw": "{\\"a\\": \\"{{v}}\\"}"}}, "event": ['
        b'{"listen": "test", "script": {"exec": ["pm.environment.set(\\"t\\", pm.response.json().t);"]}}]}], "variable": []}'
    )
    http = b'@host = http://x\n### one\n# @name a\nPOST {{host}}/a/17?b={{c}} HTTP/1.1\nA: b\n\n{"a": 1}\n\n###\nGET http://x/b\n'
    curl = b"curl -X POST 'http://x/a?b=c' -H \"A: b\" -d '{\"a\": \"it'\\''s\"}' --compressed -u a:b \\\n  -F x=@y $'\\x41'"
    cmd = b'curl ^"http://x/a?b=^%^20^" ^\r\n  -H ^"A: ^\\^"b^\\^"^" ^\r\n  --data-raw ^"^{^\\^"a^\\^":1^}^" 2>nul\r\n'
    through = (
        "init.sources.har", "init.sources.access_log", "init.sources.log_lines", "init.sources.log_draft",
        "init.sources.log_tally", "init.sources.traffic", "init.sources.secrets_found", "init.sources.values",
        "init.sources.folding", "init.sources.correlation", "init.sources.calls", "init.sources.openapi.nodes",
        "init.sources.openapi.schemas", "init.sources.openapi.lists", "init.sources.openapi.operations",
        "init.sources.openapi.read", "init.sources.openapi.tokens", "init.sources.openapi.examples",
        "init.sources.openapi.invented", "init.sources.openapi.bodies", "init.sources.openapi.servers", "init.sources.openapi.security", "init.sources.curl", "init.sources.http_file", "init.sources.marks",
        "init.sources.cmd_shell", "init.sources.curl_script", "init.sources.token_log_in",
        "init.sources.postman", "init.sources.scripts", "init.sources.shell", "init.sources.halves",
    )  # fmt: skip
    return (
        Parser(
            "sources of init",
            through,
            lambda data: read_bytes(data, "source"),
            (ConfigError,),
            (har, token, log, openapi, values, tokens, postman, http, curl, cmd),
            2,
        ),
    )
