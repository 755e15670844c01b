"""Collects what no page of ours may do, whatever else a test looks at."""

# The server counts as an error of the console what is no fault of the page: a test asks for 404 and 422 on purpose.
REPORT_VIOLATIONS = """
document.addEventListener("securitypolicyviolation", (event) =>
  report(`${event.effectiveDirective} forbids ${event.blockedURI}`));
"""


def watch(context, origin: str, complaints: list[str]) -> None:
    """Add to `complaints`: scripts that fail, console errors, failed or foreign requests, violations of the policy."""

    def on_console(message) -> None:
        of_navigation = message.text.startswith("Failed to load resource: the server responded with a status of")
        if message.type in {"error", "warning"} and not of_navigation:
            complaints.append(f"console: {message.text}")

    def on_request(request) -> None:
        if not request.url.startswith((f"{origin}/", "data:")):
            complaints.append(f"request to another site: {request.url}")

    def on_response(response) -> None:
        if response.status >= 400 and not response.request.is_navigation_request():
            complaints.append(f"response: {response.status} {response.url}")

    context.on("console", on_console)
    context.on("request", on_request)
    context.on("response", on_response)
    context.on("requestfailed", lambda request: complaints.append(f"request: {request.failure} {request.url}"))
    context.on("weberror", lambda error: complaints.append(f"script: {error.error}"))
    context.expose_binding("report", lambda _source, text: complaints.append(f"policy: {text}"))
    context.add_init_script(REPORT_VIOLATIONS)
