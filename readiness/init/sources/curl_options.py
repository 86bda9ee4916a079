"""The options of cURL: their short names, which take a value, and which say nothing of the request."""

_PAIRS = """
    X request H header d data F form u user b cookie A user-agent e referer o output m max-time w write-out x proxy
    c cookie-jar E cert T upload-file K config r range D dump-header U proxy-user C continue-at z time-cond G get I head
    L location k insecure s silent S show-error v verbose i include f fail g globoff O remote-name N no-buffer
    # progress-bar n netrc q disable J remote-header-name : next 4 ipv4 6 ipv6 0 http1.0 1 tlsv1 R remote-time
    Z parallel
"""
SHORT = dict(zip(_PAIRS.split()[::2], _PAIRS.split()[1::2], strict=True))
_WITH_VALUE = """
    request header data form user cookie user-agent referer output max-time write-out proxy cookie-jar cert upload-file
    config range dump-header proxy-user continue-at time-cond data-raw data-binary data-ascii data-urlencode json url
    form-string cacert capath key resolve connect-timeout retry retry-delay retry-max-time limit-rate interface
    oauth2-bearer aws-sigv4 ciphers max-redirs connect-to cert-type key-type pass noproxy dns-servers unix-socket proto
    tls-max request-target url-query variable trace trace-ascii stderr keepalive-time max-filesize output-dir
    speed-limit speed-time proto-redir
"""
VALUED = frozenset(_WITH_VALUE.split())
"""Their next word is their value."""
_SAYS_NOTHING = """
    silent show-error verbose include fail globoff no-buffer progress-bar ipv4 ipv6 output write-out max-time
    connect-timeout retry retry-delay retry-max-time compressed http1.1 http2 http1.0 user-agent referer dump-header
    remote-name fail-with-body no-progress-meter cookie-jar remote-header-name tlsv1 tlsv1.2 tlsv1.3 trace trace-ascii
    stderr disable parallel remote-time http2-prior-knowledge no-keepalive keepalive-time max-redirs output-dir post301
    post302 post303 tcp-nodelay path-as-is speed-limit speed-time proto proto-redir basic anyauth
"""
QUIET = frozenset(_SAYS_NOTHING.split())
"""They say nothing of the request, or what the client does anyway."""
DATA = frozenset({"data", "data-raw", "data-binary", "data-ascii", "data-urlencode", "json"})
FLAGS = {"get": "as_query", "head": "head", "location": "follows"}
CERTIFICATES = {
    "cacert": "target.tls.ca in thresholds.yaml (or SSL_CERT_FILE)",
    "capath": "SSL_CERT_DIR",
    "cert": "target.tls.certificate in thresholds.yaml",
    "key": "target.tls.key in thresholds.yaml",
}
"""Where a run has what these options name."""
TEXTS = {"request": "method", "user": "user"}
