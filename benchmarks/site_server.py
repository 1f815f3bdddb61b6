"""A server for the built site, as a host of static pages: compressed, with cache headers."""

import gzip
import http.server
import mimetypes
import threading
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import unquote, urlsplit

TEXTS = {".html", ".css", ".js", ".mjs", ".json", ".svg", ".txt", ".xml"}


class Handler(http.server.BaseHTTPRequestHandler):
    """Answers GET with the files of `server.site`."""

    protocol_version = "HTTP/1.1"  # connections are kept open

    def do_GET(self):  # noqa: N802 (the name that http.server calls)
        """Send a file, text compressed."""
        name = unquote(urlsplit(self.path).path).lstrip("/") or "index.html"
        path = self.server.site / name
        if not path.is_file():
            self.send_error(404)
            return
        body = compressed(path)
        self.send_response(200)
        kind = mimetypes.guess_type(path.name)[0] or "application/octet-stream"
        self.send_header("Content-Type", f"{kind}; charset=utf-8" if path.suffix in TEXTS else kind)
        self.send_header("Cache-Control", "max-age=600")
        self.send_header("Content-Length", str(len(body)))
        if path.suffix in TEXTS:
            self.send_header("Content-Encoding", "gzip")
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *arguments):
        """Say nothing."""


def compressed(path):
    """The bytes that travel for a file."""
    content = path.read_bytes()
    return gzip.compress(content, 6) if path.suffix in TEXTS else content


@contextmanager
def serving(site):
    """Serve the folder `site` while the block runs; yields the address."""
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.site = Path(site)
    server.daemon_threads = True
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield f"http://127.0.0.1:{server.server_address[1]}/"
    finally:
        server.shutdown()
