"""The private cluster (tools/cluster), for scripts in Python."""
import pathlib
import subprocess

ROOT = pathlib.Path(__file__).resolve().parent.parent


def environment():
    """The environment that .pg/env makes."""
    shown = subprocess.run(['bash', '-c', '. .pg/env && env -0'], cwd=ROOT, capture_output=True, check=True).stdout
    return dict(pair.split('=', 1) for pair in shown.decode().split('\0') if '=' in pair)
