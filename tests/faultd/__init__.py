"""faultd: a raw-socket HTTP/1.1 server that misbehaves on order and counts what it saw. The tests' oracle.

    python -m tests.faultd --mode hang --after 40           one line of JSON: {"url": …, "control": …, "pid": …}
    faultd(mode="status", code=503, share=0.04)             in a test, through the fixture of the same name

Below every fault lies a healthy service (mode `ok`): `/`, `/health`, `/stats`, `/login`, `/dashboard`, `/api/…`; any
other path is 404. A fault is a *layer* over it. Layers are tried in order, the first that applies answers.

| of every layer | meaning | default |
|---|---|---|
| only   | glob patterns of paths, separated by blanks; `*` is everything | all but `/`, `/health`, `/stats` |
| after  | this many matching requests are answered well first | 0 |
| at_s   | the fault begins this long after the first matching request | 0 |
| for_s  | and lasts this long | for ever |
| share  | share of requests hit, spread evenly (0.04 is each 25th) | 1 |

| mode | what it does | options |
|---|---|---|
| ok        | the healthy service: fast, good security headers, growing counters | |
| status    | answers `code` | code, reason, text, content_type |
| body      | answers `text` whatever was asked; empty text is an empty body | text, content_type, code, headers |
| redirect  | 302 to `location` (session lost: `/login`; a leak: another host) | location, code |
| favours   | good and quick for one User-Agent only | who, delay_ms, text, code |
| echo      | 500 whose body, header and reason repeat the request's secrets | |
| stats     | JSON counters since boot, larger by so much with every request | hits, misses, more_hits, more_misses |
| delay     | a good answer, later | delay_ms |
| degrade   | a good answer, later and later | every_s, more_ms, from_ms |
| hang      | reads, never answers | |
| freeze    | the whole process stands still once, its health endpoint too | span_s |
| crowded   | quick for `at_most` requests at once, slow for everybody beyond | at_most, quick_ms, slow_ms, refuses |
| breaker   | has `…/fails`, `…/works`, `…/state` | failures, declared_s, open_s, slow_ms, says, refusal, refuses |
| drip      | a good body, byte by byte | every_ms, size |
| endless   | a body without end | chunk |
| die       | the listener and all connections go away; only the counts stay | |
| deaf      | accepts nobody any more: the queue of the listener is full | |
| rst       | half of the body, then RST | |
| close     | closes with nothing sent, `headers`: within the headers | when |
| truncated | Content-Length promises more than comes, then a clean close | |
| hangup    | a good answer, then the kept-alive connection is closed unannounced | |
| garbage   | bytes that are not HTTP | |
| unruly    | framing and sizes that attack the client (faultd/modes/unruly.py) | kind |
| hostile   | markup, escapes, commands and broken encodings (faultd/modes/hostile.py) | where, code |

Counts (`GET control/counts`): connections, requests fully received and responses completely written, in total and by
path, with the time of the first and the last; `control/log` has one entry per request. The control port answers
even while the service is dead or frozen: it is a thread of its own.
"""
