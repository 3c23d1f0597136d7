"""The pages are served here; what stands behind them is the business of /readyz."""

import http.client
import os
import sys


def main() -> str:
    """What is wrong, or nothing."""
    wire = http.client.HTTPConnection("127.0.0.1", int(os.environ.get("PORT") or 8000), timeout=5)
    try:
        wire.request("GET", "/healthz")
        status = wire.getresponse().status
    except (OSError, http.client.HTTPException) as error:
        return f"/healthz does not answer: {type(error).__name__}"
    return "" if status == http.HTTPStatus.OK else f"/healthz answers {status}"


if __name__ == "__main__":
    sys.exit(main() or 0)
