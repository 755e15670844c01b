"""The pieces of our stack that touch every request."""

# In the order of the factory; each name is a concern of app.core. One that was taken out of the tree is passed over.
PIECES: dict[str, tuple[str, ...]] = {
    "our class of application": (),
    "request id, access line": ("observability.logs", "observability.tracking"),
    "histogram of requests": ("observability.metrics",),
    "proxy, 1 hop": ("edge.proxy",),
    "headers, nonce CSP": ("edge.headers",),
    "host check, HTTPS": ("edge.hosts", "edge.https"),
    "limits (at other addresses), CORS": ("edge.limits", "edge.cors"),
    "access, chunked bodies, sessions, CSRF": ("web.access", "edge.chunked", "web.sessions", "web.csrf"),
    "errors, JSON by orjson": ("web.errors", "api.serialization"),
}
