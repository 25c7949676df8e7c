#!/usr/bin/env python3
"""Writes grafana/dashboards/*.json and grafana/provisioning/alerting/rules.yaml from grafana/boards/*.py.

    grafana/build.py            write them
    grafana/build.py --check    say which files differ from what would be written, and fail if any does
"""

import importlib
import json
import pathlib
import sys

sys.dont_write_bytecode = True
HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE))


def boards():
    """Every dashboard by the name of its file."""
    for path in sorted((HERE / "boards").glob("[a-z]*.py")):
        if path.stem not in ("model", "alerts"):
            yield path.stem, importlib.import_module(f"boards.{path.stem}").board()


def yaml(node, indent=0):
    """A JSON value as YAML that people can read: texts of many lines as blocks."""
    pad = "  " * indent
    if isinstance(node, dict) and node:
        for key, value in node.items():
            if isinstance(value, (dict, list)) and value:
                yield f"{pad}{key}:"
                yield from yaml(value, indent + 1)
            elif isinstance(value, str) and "\n" in value:
                yield f"{pad}{key}: |"
                yield from (f"{pad}  {line}".rstrip() for line in value.rstrip("\n").split("\n"))
            else:
                yield f"{pad}{key}: {json.dumps(value, ensure_ascii=False)}"
    elif isinstance(node, list):
        for value in node:
            if isinstance(value, (dict, list)):
                first, *rest = yaml(value, indent + 1)
                yield f"{pad}- {first.lstrip()}"
                yield from rest
            else:
                yield f"{pad}- {json.dumps(value, ensure_ascii=False)}"


def main():
    check = sys.argv[1:] == ["--check"]
    if sys.argv[1:] and not check:
        sys.exit(__doc__)
    wanted = {HERE / "dashboards" / f"{name}.json": json.dumps(board, indent=1, ensure_ascii=False) + "\n" for name, board in boards()}
    rules = HERE / "provisioning" / "alerting" / "rules.yaml"
    provisioning = importlib.import_module("boards.alerts").provisioning()
    wanted[rules] = "# Written by grafana/build.py from grafana/boards/alerts.py.\n" + "\n".join(yaml(provisioning)) + "\n"
    found = {path: path.read_text(encoding="utf-8") for path in [*(HERE / "dashboards").glob("*.json"), rules] if path.exists()}
    differ = sorted(path.name for path in wanted.keys() | found.keys() if wanted.get(path) != found.get(path))
    if check:
        if differ:
            sys.exit(f"differ from their source, run grafana/build.py: {', '.join(differ)}")
        return
    for path in found.keys() - wanted.keys():
        path.unlink()
    for path, text in wanted.items():
        path.write_text(text, encoding="utf-8")
    print(f"build: {len(wanted)} files, {len(differ)} changed")


main()
