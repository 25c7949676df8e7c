"""A stand-in for Grafana's server: pages, icons, and POST /api/ds/query answered from PostgreSQL.

    server.py PORT       with PG* in the environment; .cache/grafana/site holds the built pages
"""

import http.server
import json
import pathlib
import sys

sys.dont_write_bytecode = True
HERE = pathlib.Path(__file__).resolve().parent
GRAFANA = HERE.parent.parent
CACHE = GRAFANA.parent / ".cache" / "grafana"
sys.path.insert(0, str(HERE.parent))
sys.path.insert(0, str(GRAFANA))

import datasource  # noqa: E402
import viewer  # noqa: E402

ROLES = {"pg-kpi": "kpi_grafana", "pg-kpi-ask": "kpi_grafana_ask"}
PLACES = {"/site/": CACHE / "site", "/plugin/": GRAFANA / "chat-panel" / "dist"}
KINDS = {".html": "text/html; charset=utf-8", ".js": "text/javascript", ".css": "text/css", ".svg": "image/svg+xml", ".json": "application/json"}


def frame_json(frame, ref="A"):
    """Rows as Grafana's backend sends them."""
    rows = frame.typed()
    kinds = {"boolean": "boolean", **{k: "number" for k in datasource.NUMERIC}, **{k: "time" for k in datasource.TIMES}}
    fields = [{"name": name, "type": kinds.get(kind, "string"), "typeInfo": {"frame": kinds.get(kind, "string"), "nullable": True}}
              for name, kind in frame.columns]
    return {"schema": {"refId": ref, "fields": fields}, "data": {"values": [[row[i] for row in rows] for i in range(len(fields))]}}


class Handler(http.server.BaseHTTPRequestHandler):
    def log_message(self, *_):
        pass

    def answer(self, status, body, kind="application/json"):
        data = body if isinstance(body, bytes) else json.dumps(body).encode()
        self.send_response(status)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        try:
            self.wfile.write(data)
        except BrokenPipeError:
            pass  # the page cancelled

    def do_GET(self):
        path = self.path.partition("?")[0]
        if path.startswith("/board/"):
            return self.answer(200, viewer.rendered(path.removeprefix("/board/")))
        for prefix, place in PLACES.items():
            file = place / path.removeprefix(prefix)
            if path.startswith(prefix) and file.resolve().is_relative_to(place.resolve()) and file.is_file():
                return self.answer(200, file.read_bytes(), KINDS.get(file.suffix, "application/octet-stream"))
        if path.startswith("/public/"):
            inside = path.removeprefix("/public/").removeprefix("build/")
            file = CACHE / "13.2" / "node_modules" / "@grafana" / "ui" / "dist" / "public" / inside
            if ".." not in inside and file.is_file():
                return self.answer(200, file.read_bytes(), KINDS.get(file.suffix, "application/octet-stream"))
        return self.answer(404, {"message": f"not found: {path}"})

    def do_POST(self):
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        query = body["queries"][0]
        start, end = (viewer.milliseconds(body[name]) for name in ("from", "to"))
        try:
            frame = datasource.run(datasource.expand(query["rawSql"], start, end), ROLES[query["datasource"]["uid"]])
        except datasource.QueryError as error:
            return self.answer(400, {"message": str(error), "results": {query["refId"]: {"error": str(error), "status": 400}}})
        return self.answer(200, {"results": {query["refId"]: {"status": 200, "frames": [frame_json(frame, query["refId"])]}}})


def main():
    server = http.server.ThreadingHTTPServer(("127.0.0.1", int(sys.argv[1])), Handler)
    server.daemon_threads = True
    server.serve_forever()


if __name__ == "__main__":
    main()
